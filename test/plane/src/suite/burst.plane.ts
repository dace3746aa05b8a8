import { EVENTS } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { useStage } from '../testing/use-stage.ts';

const NODES = 5;
const PER_NODE = 10;
/** Much at once on a machine that may have much else to do. */
const PATIENCE_MS = 90_000;
const namesOf = (kind: string) => Array.from({ length: NODES * PER_NODE }, (_, index) => `${kind}-${index}`);

/** Room for exactly as many volumes of 1 GiB as there will be pods. */
const stage = useStage(
  'burst',
  Array.from({ length: NODES }, (_, index) => ({ name: `burst-${index}`, rack: `r${index}`, gib: PER_NODE })),
);

/** Objects of this kind of name that an event with this reason is about. */
const toldOf = async (kind: string, wanted: string): Promise<string[]> => {
  const { items } = await stage.client.list(EVENTS, { fieldSelector: `metadata.namespace=${stage.namespace}` });
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

describe('fifty pods at once on room for exactly fifty', () => {
  it('are all placed, none is told that there is no room, and hardly any has to be placed again', async () => {
    const names = namesOf('pod');
    await Promise.all(names.map((name) => stage.makeClaim({ name, className: 'berth-nvme' })));
    await Promise.all(names.map((name) => stage.makePod({ name, claims: [name] })));
    const nodes = async () => (await Promise.all(names.map(stage.nodeOf))).filter((node) => node !== undefined);
    await stage.soon(async () => (await nodes()).length, PATIENCE_MS).toBe(names.length);
    const each = Map.groupBy(await nodes(), (node) => node);
    expect([...each.values()].map((pods) => pods.length)).toEqual(Array(NODES).fill(PER_NODE));
    expect(await toldOf('pod', 'NoRoomOnDisks')).toEqual([]);
    expect((await toldOf('pod', 'ProvisioningFailed')).length).toBeLessThanOrEqual(MOST_MOVED);
    await Promise.all(names.flatMap((name) => [stage.deletePod(name), stage.deleteClaim(name)]));
    await stage.soon(stage.leftovers, PATIENCE_MS).toEqual([]);
  });
});

describe('claims that are bound at once, all at the same time', () => {
  it('fill the nodes to the last byte without asking any for more than it has', async () => {
    const names = namesOf('claim');
    await Promise.all(names.map((name) => stage.makeClaim({ name, className: 'immediate' })));
    const volumes = async () => (await Promise.all(names.map(stage.volumeOf))).filter((volume) => volume !== undefined);
    await stage.soon(async () => (await volumes()).length, PATIENCE_MS).toBe(names.length);
    expect(await toldOf('claim', 'ProvisioningFailed')).toEqual([]);
    await Promise.all(names.map(stage.deleteClaim));
    await stage.soon(stage.leftovers, PATIENCE_MS).toEqual([]);
  });
});
