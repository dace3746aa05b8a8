import { STATEFUL_SETS } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { useStage } from '../testing/use-stage.ts';

/** Three racks; the third has room for one volume of 1 GiB and no more. */
const stage = useStage('racks', [
  { name: 'racks-1a', rack: 'r1', gib: 10 },
  { name: 'racks-1b', rack: 'r1', gib: 10 },
  { name: 'racks-2a', rack: 'r2', gib: 10 },
  { name: 'racks-2b', rack: 'r2', gib: 10 },
  { name: 'racks-3', rack: 'r3', gib: 1 },
]);

const rackOf = (node: string | undefined): string => node?.replace(/^racks-(\d).*$/, 'r$1') ?? 'nowhere';

/** The racks of a set's members, in order; `nowhere` for those that wait. */
const racksOf = async (set: string, members: number): Promise<string[]> => {
  const nodes = await Promise.all(Array.from({ length: members }, (_, index) => stage.nodeOf(`${set}-${index}`)));
  return nodes.map(rackOf).sort();
};

const scale = (set: string, replicas: number) =>
  stage.client.mergePatch(STATEFUL_SETS, { namespace: stage.namespace, name: set }, { spec: { replicas } });

const clear = async (set: string, members: number): Promise<void> => {
  await stage.client.delete(STATEFUL_SETS, { namespace: stage.namespace, name: set });
  for (let index = 0; index < members; index += 1) {
    await stage.deletePod(`${set}-${index}`);
    await stage.deleteClaim(`data-${set}-${index}`);
  }
  await stage.soon(stage.leftovers).toEqual([]);
};

describe('members of an application, started at once', () => {
  it('share three racks evenly, and the two that have room when the third is full', async () => {
    await stage.makeSet({ name: 'es', className: 'berth-nvme', replicas: 3 });
    await stage.soon(() => racksOf('es', 3)).toEqual(['r1', 'r2', 'r3']);
    await scale('es', 5);
    await stage.soon(() => racksOf('es', 5)).toEqual(['r1', 'r1', 'r2', 'r2', 'r3']);
    const nodes = await Promise.all([0, 1, 2, 3, 4].map((index) => stage.nodeOf(`es-${index}`)));
    // No two on a host either, as long as there is another host in the rack.
    expect(new Set(nodes).size).toBe(5);
    await clear('es', 5);
  });

  it('share the racks that are left when one takes no pods', async () => {
    await stage.cordon('racks-3', true);
    await stage.makeSet({ name: 'two', className: 'berth-nvme', replicas: 3 });
    await stage.soon(() => racksOf('two', 3).then((racks) => new Set(racks))).toEqual(new Set(['r1', 'r2']));
    await stage.cordon('racks-3', false);
    await clear('two', 3);
  });

  it('wait, where racks are binding, until the rack whose turn it is has room', async () => {
    await stage.makeSet({ name: 'ch', className: 'strict', replicas: 6 });
    await stage.soon(() => racksOf('ch', 6)).toEqual(['nowhere', 'r1', 'r1', 'r2', 'r2', 'r3']);
    const waiting = await pending('ch', 6);
    await stage
      .soon(() => stage.told(waiting))
      .toContainEqual(
        expect.stringMatching(/^NoRoomOnDisks: .*racks: r1 has 2 members of this application, r3 only 1/),
      );
    await stage.addNode({ name: 'racks-3b', rack: 'r3', gib: 2 });
    await stage.soon(() => racksOf('ch', 6)).toEqual(['r1', 'r1', 'r2', 'r2', 'r3', 'r3']);
    await clear('ch', 6);
  });
});

const pending = async (set: string, members: number): Promise<string> => {
  for (let index = 0; index < members; index += 1) {
    if ((await stage.nodeOf(`${set}-${index}`)) === undefined) return `${set}-${index}`;
  }
  throw new Error(`all members of ${set} have a node`);
};
