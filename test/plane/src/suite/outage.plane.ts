import { setTimeout as delay } from 'node:timers/promises';
import { readEnvironment } from '@berth/bed/environment';
import { LOGICAL_VOLUMES } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { useStage } from '../testing/use-stage.ts';

const OF_SET = ['outage-a', 'outage-b', 'outage-c'];
const ALONE = 'outage-d';
const OF_DRAINED = ['outage-e', 'outage-f', 'outage-g'];
const stage = useStage(
  'outage',
  [...OF_SET, ALONE, ...OF_DRAINED].map((name, index) => ({ name, rack: `r${index}`, gib: 20 })),
);

/** For how long the work has gone on when the API server goes. */
const BEGUN_MS = 500;
const MEMBERS = 2;
const MINUTE_MS = 60_000;

/** Longer ones are asked for by `npm run soak -- outage`. */
const { outageSeconds } = readEnvironment();
const lasting = (seconds: number): number => (outageSeconds ?? seconds) * 1000;

const killed = {
  ms: lasting(20),
  begin: () => stage.plane.bed.controlPlane.killApiServer(),
  end: () => stage.plane.bed.controlPlane.startApiServer(stage.plane.berth.signal),
};
const frozen = {
  ms: lasting(12),
  begin: () => stage.plane.bed.controlPlane.freezeApiServer(),
  end: () => stage.plane.bed.controlPlane.thawApiServer(),
};

const use = async (name: string) => {
  await stage.makeClaim({ name, className: 'berth-nvme' });
  await stage.makePod({ name, claims: [name], node: ALONE });
};

describe.each([
  ['is killed and started again', 'killed', killed],
  ['keeps its connections and does not answer', 'frozen', frozen],
])('an API server that %s', (_what, round, outage) => {
  const name = (what: string): string => `${what}-${round}`;
  const [grows, goes, comes] = [name('grows'), name('goes'), name('comes')];
  const [set, drained] = [name('set'), name('drained')];
  let lostNode: string;
  let lostClaim: string | undefined;
  let leavingNode: string;
  let gone: string;

  const begins =
    'goes while a volume is made, one grows, one is deleted, a set recovers a member, and a node is drained';
  it(begins, { timeout: 2 * MINUTE_MS + outage.ms }, async () => {
    await stage.makeSet({ name: set, className: 'replaceable', replicas: MEMBERS, nodes: OF_SET });
    await stage.makeSet({ name: drained, className: 'replaceable', replicas: MEMBERS, nodes: OF_DRAINED });
    for (const each of [grows, goes]) await use(each);
    for (const each of [grows, goes]) await stage.isReady(each);
    for (const each of [set, drained]) await stage.areReady(each, MEMBERS);
    leavingNode = (await stage.nodeOf(`${drained}-0`)) ?? '';
    lostClaim = (await stage.claim(`data-${set}-0`))?.metadata?.uid;
    lostNode = (await stage.nodeOf(`${set}-0`)) ?? '';
    gone = (await stage.logicalVolumeOf(goes))?.metadata.name ?? '';

    await stage.node(lostNode).powerCut();
    await Promise.all([
      stage.takeOutOfService(lostNode),
      stage.drain(leavingNode, true),
      stage.ask(grows, '2Gi'),
      stage.deletePod(goes),
      stage.deleteClaim(goes),
      use(comes),
    ]);
    await delay(BEGUN_MS);
    await outage.begin();
    await delay(outage.ms);
    await outage.end();
  });

  it('finds the volume made', () => stage.isReady(comes));

  it('finds the other one grown', async () => {
    await stage.soon(async () => (await stage.claim(grows))?.status?.capacity?.storage).toBe('2Gi');
  });

  it('finds the deleted one gone', async () => {
    await stage.soon(() => stage.client.get(LOGICAL_VOLUMES, { name: gone })).toBeUndefined();
  });

  it('finds the member with a new volume elsewhere, and nothing but the lost one given up', async () => {
    await stage.isElsewhere(`${set}-0`, lostNode);
    await stage.areReady(set, MEMBERS);
    expect((await stage.claim(`data-${set}-0`))?.metadata?.uid).not.toBe(lostClaim);
    const records = await stage.recordsOf(`${set}-0`);
    expect(records.map(({ status }) => status?.phase)).toEqual(['Done']);
    expect(records.flatMap(({ spec }) => spec.claims.map(({ uid }) => uid))).toEqual([lostClaim]);
    await stage.putBackInService(lostNode);
  });

  it('finds the drained node empty, and its member elsewhere', async () => {
    await stage.isElsewhere(`${drained}-0`, leavingNode);
    await stage.areReady(drained, MEMBERS);
    await stage.soon(() => stage.volumesOn(leavingNode)).toEqual([]);
    await stage.drain(leavingNode, false);
  });
});
