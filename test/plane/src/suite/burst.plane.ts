import { readEnvironment } from '@berth/bed/environment';
import { CLAIMS, EVENTS, PODS } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { useStage } from '../testing/use-stage.ts';

const { burstPods: COUNT = 50 } = readEnvironment();
const NODES = Math.min(COUNT / 10, 20);
const PER_NODE = COUNT / NODES;
/** Much at once on a machine that may have much else to do. */
const PATIENCE_MS = 90_000 + 1_000 * COUNT;
const LONG = { timeout: 2 * PATIENCE_MS };
const namesOf = (kind: string) => Array.from({ length: COUNT }, (_, index) => `${kind}-${index}`);

/** Room for exactly as many volumes of 1 GiB as there will be pods. */
const stage = useStage(
  'burst',
  Array.from({ length: NODES }, (_, index) => ({ name: `burst-${index}`, rack: `r${index}`, gib: PER_NODE })),
);
const here = { namespace: stage.namespace };

/** Objects of this kind of name that an event with this reason is about. */
const toldOf = async (kind: string, wanted: string): Promise<string[]> => {
  const { items } = await stage.client.list(EVENTS, here);
  const about = items.filter(
    ({ reason, involvedObject }) => reason === wanted && involvedObject.name?.startsWith(kind),
  );
  return about.map(({ message }) => message ?? '');
};

/**
 * The first two pods, for which there is room everywhere, are offered several nodes. Where they go may not be known yet when the last room
 * is given away, and then the last pods go by where they were expected.
 */
const MOST_MOVED = 2;

describe(`${COUNT} pods at once on room for exactly as many`, () => {
  it('are all placed, none is told that there is no room, and hardly any has to be placed again', LONG, async () => {
    const names = namesOf('pod');
    await Promise.all(names.map((name) => stage.makeClaim({ name, className: 'berth-nvme' })));
    await Promise.all(names.map((name) => stage.makePod({ name, claims: [name] })));
    const nodes = async () => (await stage.client.list(PODS, here)).items.flatMap(({ spec }) => spec?.nodeName ?? []);
    await stage.soon(async () => (await nodes()).length, PATIENCE_MS).toBe(names.length);
    const each = Map.groupBy(await nodes(), (node) => node);
    expect([...each.values()].map((pods) => pods.length)).toEqual(Array(NODES).fill(PER_NODE));
    expect(await toldOf('pod', 'NoRoomOnDisks')).toEqual([]);
    const moved = (await toldOf('pod', 'ProvisioningFailed')).length;
    console.log(`${moved} of ${COUNT} pods were placed a second time`);
    expect(moved).toBeLessThanOrEqual(MOST_MOVED);
    await Promise.all(names.flatMap((name) => [stage.deletePod(name), stage.deleteClaim(name)]));
    await stage.soon(stage.leftovers, PATIENCE_MS).toEqual([]);
  });
});

describe('claims that are bound at once, all at the same time', () => {
  it('fill the nodes to the last byte without asking any for more than it has', LONG, async () => {
    const names = namesOf('claim');
    await Promise.all(names.map((name) => stage.makeClaim({ name, className: 'immediate' })));
    const bound = async () =>
      (await stage.client.list(CLAIMS, here)).items.filter(({ status }) => status?.phase === 'Bound');
    await stage.soon(async () => (await bound()).length, PATIENCE_MS).toBe(names.length);
    expect(await toldOf('claim', 'ProvisioningFailed')).toEqual([]);
    await Promise.all(names.map(stage.deleteClaim));
    await stage.soon(stage.leftovers, PATIENCE_MS).toEqual([]);
  });
});
