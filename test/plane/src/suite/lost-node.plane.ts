import { findDaemon } from '@berth/bed/process/spawn';
import { CONTROLLER, startController } from '@berth/e2e/beside';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTROLLER_SETTINGS } from '../plane.ts';
import { useStage } from '../testing/use-stage.ts';

const NAMES = ['lost-a', 'lost-b', 'lost-c'];
const stage = useStage(
  'lost',
  NAMES.map((name, index) => ({ name, rack: `r${index}`, gib: 10 })),
);
const MEMBERS = 2;
const POD = 'set-0';
const GRACE_MS = Number(CONTROLLER_SETTINGS.BERTH_NODE_LOST_GRACE_SECONDS) * 1000;

/** With the usual settings, unless others are given. */
const restartController = async (settings: Readonly<Record<string, string>> = {}) => {
  const daemon = await findDaemon(stage.plane.berth.runDir, CONTROLLER);
  await daemon?.stop();
  await startController(stage.plane.berth, { settings: { ...CONTROLLER_SETTINGS, ...settings } });
};
const claimUid = async () => (await stage.claim(`data-${POD}`))?.metadata?.uid;

let lostNode: string;
let lostAtMs: number;
let before: string | undefined;

beforeAll(async () => {
  await restartController({ BERTH_RECOVERY: 'dry-run' });
  await stage.makeSet({ name: 'set', className: 'replaceable-when-lost', replicas: MEMBERS, nodes: NAMES });
});

afterAll(() => restartController());

describe('a node that is not ready any more', () => {
  it('has nothing given up by a dry run, which tells after the grace what it would do', async () => {
    await stage.areReady('set', MEMBERS);
    before = await claimUid();
    lostNode = (await stage.nodeOf(POD)) ?? '';
    lostAtMs = Date.now();
    await stage.node(lostNode).powerCut();
    await stage
      .soon(() => stage.told(POD), GRACE_MS + 30_000)
      .toContainEqual(expect.stringMatching(/^RecoveryDryRun: .*would give the data up/));
    // Conditions of nodes know whole seconds.
    expect(Date.now() - lostAtMs).toBeGreaterThan(GRACE_MS - 1_000);
    expect((await stage.recordsOf(POD)).map(({ spec }) => spec.dryRun)).toEqual([true]);
    expect(await claimUid()).toBe(before);
    expect(await stage.nodeOf(POD)).toBe(lostNode);
  });

  it('has its member start again elsewhere where the class says node-lost', async () => {
    await restartController();
    await stage.isElsewhere(POD, lostNode);
    await stage.areReady('set', MEMBERS);
    expect(await claimUid()).not.toBe(before);
    const done = (await stage.recordsOf(POD)).filter(({ spec }) => !spec.dryRun);
    expect(done).toMatchObject([{ spec: { nodeName: lostNode }, status: { phase: 'Done' } }]);
    expect(done[0]?.spec.reason).toMatch(/has not been ready since/);
  });

  it('has the old volume removed when it is back, and stays ready', async () => {
    expect(stage.volumesOn(lostNode)).toEqual([`pvc-${before}`]);
    await stage.node(lostNode).boot();
    await stage.soon(() => stage.volumesOn(lostNode)).toEqual([]);
    await stage.areReady('set', MEMBERS);
  });
});
