import { setTimeout as delay } from 'node:timers/promises';
import { findDaemon } from '@berth/bed/process/spawn';
import { CONTROLLER, startController } from '@berth/e2e/beside';
import { LEASES, LOGICAL_VOLUMES } from '@berth/kube/resources';
import { afterAll, describe, expect, it } from 'vitest';
import { CONTROLLER_SETTINGS } from '../plane.ts';
import { useStage } from '../testing/use-stage.ts';

const ALONE = 'over-a';
const OF_SET = ['over-b', 'over-c', 'over-d'];
const MEMBERS = 2;
const stage = useStage(
  'over',
  [ALONE, ...OF_SET].map((name, index) => ({ name, rack: `r${index}`, gib: 20 })),
);

/** The longest that nobody works: the promise is 15 s. */
const TAKE_OVER_MS = 15_000;
const OTHER = `${CONTROLLER}-2`;

const holder = async () =>
  (await stage.client.get(LEASES, { namespace: 'berth-system', name: 'berth-controller' }))?.spec?.holderIdentity;
const start = (name: string) => startController(stage.plane.berth, { name, settings: CONTROLLER_SETTINGS });
const kill = async (name: string) => {
  const daemon = await findDaemon(stage.plane.berth.runDir, name);
  if (daemon === undefined) throw new Error(`${name} does not run`);
  process.kill(daemon.pid, 'SIGKILL');
  await daemon.stop();
};
const use = async (name: string) => {
  await stage.makeClaim({ name, className: 'berth-nvme' });
  await stage.makePod({ name, claims: [name], node: ALONE });
};

/** Other tests find the one that the set-up started. */
afterAll(async () => {
  await start(CONTROLLER);
  await kill(OTHER);
});

describe('a leading controller that is killed', () => {
  // The second kill hits the one that took over from the first, which has started as the other's stand-in.
  it.each([
    ['as soon as there is work', CONTROLLER, OTHER, 0],
    ['in the middle of it', OTHER, CONTROLLER, 400],
    ['near its end', CONTROLLER, OTHER, 1_200],
  ])('%s is followed within 15 s by the other, which finishes', async (_when, leader, other, afterMs) => {
    const name = (what: string): string => `${what}-${afterMs}`;
    const [grows, goes, comes, set] = [name('grows'), name('goes'), name('comes'), name('set')];
    await start(other);
    await stage.makeSet({ name: set, className: 'replaceable', replicas: MEMBERS, nodes: OF_SET });
    await use(grows);
    await use(goes);
    await stage.isReady(grows);
    await stage.isReady(goes);
    await stage.areReady(set, MEMBERS);
    const gone = (await stage.logicalVolumeOf(goes))?.metadata.name ?? '';
    const lostNode = (await stage.nodeOf(`${set}-0`)) ?? '';
    const before = await holder();
    await stage.node(lostNode).powerCut();
    await Promise.all([
      stage.ask(grows, '2Gi'),
      stage.deletePod(goes),
      stage.deleteClaim(goes),
      use(comes),
      stage.takeOutOfService(lostNode),
    ]);
    await delay(afterMs);
    await kill(leader);
    await stage.soon(holder, TAKE_OVER_MS).not.toBe(before);
    await stage.isReady(comes);
    await stage.soon(async () => (await stage.claim(grows))?.status?.capacity?.storage).toBe('2Gi');
    await stage.soon(() => stage.client.get(LOGICAL_VOLUMES, { name: gone })).toBeUndefined();
    await stage.isElsewhere(`${set}-0`, lostNode);
    await stage.areReady(set, MEMBERS);
    expect((await stage.recordsOf(`${set}-0`)).map(({ status }) => status?.phase)).toEqual(['Done']);
    await stage.putBackInService(lostNode);
  });

  it('has left no volume twice and none too many', async () => {
    const objects = async () => (await stage.client.list(LOGICAL_VOLUMES)).items.map(({ metadata }) => metadata.name);
    const onDisk = () => [ALONE, ...OF_SET].flatMap(stage.volumesOn);
    // Two of each round, and the members of its set; those that were lost go when their node is back.
    await stage.soon(objects).toHaveLength(3 * (2 + MEMBERS));
    await stage.soon(() => onDisk().sort()).toEqual((await objects()).sort());
  });
});
