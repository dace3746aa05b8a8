import { LOGICAL_VOLUMES } from '@berth/kube/resources';
import { beforeAll, describe, expect, it } from 'vitest';
import { useStage } from '../testing/use-stage.ts';

const NAMES = ['gone-a', 'gone-b', 'gone-c', 'gone-d'];
const stage = useStage(
  'gone',
  NAMES.map((name, index) => ({ name, rack: `r${index}`, gib: 10 })),
);
const MEMBERS = 3;

const uids = (...indices: number[]) =>
  Promise.all(indices.map(async (index) => (await stage.claim(`data-set-${index}`))?.metadata?.uid));
const nodeOfMember = async (index: number) => (await stage.nodeOf(`set-${index}`)) ?? '';

beforeAll(() => stage.makeSet({ name: 'set', className: 'replaceable', replicas: MEMBERS, nodes: NAMES }));

describe('a member of a set whose node is out of service', () => {
  let lostNode: string;
  let lostVolume: string;

  it('starts again elsewhere with a new volume, the others stay, and a record says why', async () => {
    await stage.areReady('set', MEMBERS);
    const [before, ...others] = await uids(0, 1, 2);
    lostNode = await nodeOfMember(0);
    lostVolume = `pvc-${before}`;
    await stage.node(lostNode).powerCut();
    await stage.takeOutOfService(lostNode);
    await stage.isElsewhere('set-0', lostNode);
    await stage.areReady('set', MEMBERS);
    const [after, ...stayed] = await uids(0, 1, 2);
    expect(after).not.toBe(before);
    expect(stayed).toEqual(others);
    const records = await stage.recordsOf('set-0');
    expect(records.map(({ status }) => status?.phase)).toEqual(['Done']);
    expect(records[0]?.spec).toMatchObject({
      nodeName: lostNode,
      claims: [{ name: 'data-set-0', uid: before, volume: lostVolume }],
      reason: expect.stringMatching(/out of service.*all 2 other members are ready/),
    });
  });

  it('has its old volume removed when the node is back', async () => {
    const onDisk = () => stage.volumesOn(lostNode);
    expect(onDisk()).toContain(lostVolume);
    await stage.putBackInService(lostNode);
    await stage.soon(onDisk).not.toContain(lostVolume);
    await stage.soon(() => stage.client.get(LOGICAL_VOLUMES, { name: lostVolume })).toBeUndefined();
  });
});

describe('a member of a set whose Node object is deleted', () => {
  it('starts again elsewhere after the grace, and its old volume is let go (trap 85)', async () => {
    const [before] = await uids(1);
    const lostNode = await nodeOfMember(1);
    await stage.node(lostNode).powerCut();
    await stage.removeNode(lostNode);
    await stage.isElsewhere('set-1', lostNode);
    await stage.areReady('set', MEMBERS);
    expect(await uids(1)).not.toEqual([before]);
    expect((await stage.recordsOf('set-1'))[0]?.spec.reason).toMatch(/does not exist|deleted|gone/);
    await stage.soon(() => stage.client.get(LOGICAL_VOLUMES, { name: `pvc-${before}` })).toBeUndefined();
  });
});
