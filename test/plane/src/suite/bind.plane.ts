import { runFakeLvm } from '@berth/agent/testing/fake-lvm';
import { TOPOLOGY_KEY } from '@berth/contract/names';
import { parseQuantity } from '@berth/contract/quantity';
import { CAPACITIES } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { useStage } from '../testing/use-stage.ts';

const stage = useStage('bind', [
  { name: 'bind-a', rack: 'r1', gib: 10 },
  { name: 'bind-b', rack: 'r2', gib: 8 },
]);

const cleared = async (pod: string, ...claims: string[]) => {
  await stage.deletePod(pod);
  for (const claim of claims) await stage.deleteClaim(claim);
  await stage.soon(stage.leftovers).toEqual([]);
};

describe('what kube-scheduler is told of the room', () => {
  it('is right for each class and node, and written where it has changed only', async () => {
    const told = async () => {
      const { items } = await stage.client.list(CAPACITIES, { labelSelector: 'app.kubernetes.io/managed-by' });
      return items.filter(({ storageClassName }) => storageClassName === 'berth-nvme');
    };
    const of = async (node: string) =>
      (await told()).find(({ nodeTopology }) => nodeTopology?.matchLabels?.[TOPOLOGY_KEY] === node);
    const gib = async (node: string) => parseQuantity((await of(node))?.capacity ?? '0') / 1024 ** 3;
    await stage.soon(async () => [await gib('bind-a'), await gib('bind-b')]).toEqual([10, 8]);
    const untouched = (await of('bind-b'))?.metadata?.resourceVersion;
    await stage.makeClaim({ name: 'data', className: 'berth-nvme', size: '9Gi' });
    await stage.makePod({ name: 'six', claims: ['data'] });
    await stage.soon(() => gib('bind-a')).toBe(1);
    expect((await of('bind-b'))?.metadata?.resourceVersion).toBe(untouched);
    await stage.isReady('six');
    await cleared('six', 'data');
    await stage.soon(() => gib('bind-a')).toBe(10);
  });
});

describe('a claim that waits for its first consumer', () => {
  it('is bound to a volume on the node that its pod got, and leaves nothing when it goes', async () => {
    const { metadata } = await stage.makeClaim({ name: 'data', className: 'berth-nvme', size: '3Gi' });
    await stage.makePod({ name: 'one', claims: ['data'] });
    await stage.isReady('one');
    const node = await stage.nodeOf('one');
    expect(await stage.logicalVolumeOf('data')).toMatchObject({
      spec: { nodeName: node, medium: 'nvme', fsType: 'xfs', claim: { uid: metadata?.uid } },
      status: { phase: 'Ready', size: '3Gi', volumeGroup: 'csi-vg-nvme' },
    });
    expect((await stage.volumeOf('data'))?.spec).toMatchObject({
      capacity: { storage: '3Gi' },
      claimRef: { uid: metadata?.uid },
      csi: { driver: 'csi.storage.io', volumeHandle: `pvc-${metadata?.uid}`, fsType: 'xfs' },
      mountOptions: ['rw'],
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: TOPOLOGY_KEY, values: [node] }] }] },
      },
    });
    await cleared('one', 'data');
  });

  it('gets its volume beside the other claim of its pod (trap 69)', async () => {
    await stage.makeClaim({ name: 'data', className: 'berth-nvme', size: '4Gi' });
    await stage.makeClaim({ name: 'log', className: 'berth-nvme', size: '5Gi' });
    await stage.makePod({ name: 'two', claims: ['data', 'log'] });
    await stage.isReady('two');
    const nodes = await Promise.all(['data', 'log'].map(stage.logicalVolumeOf));
    // Only this one has room for both.
    expect(nodes.map((volume) => volume?.spec.nodeName)).toEqual(['bind-a', 'bind-a']);
    await cleared('two', 'data', 'log');
  });

  it('leaves nothing when it is deleted while its volume is made (trap 83)', async () => {
    await stage.node('bind-b').stopAgent();
    await stage.makeClaim({ name: 'data', className: 'berth-nvme' });
    await stage.makePod({ name: 'four', claims: ['data'], node: 'bind-b' });
    await stage.soon(() => stage.logicalVolumeOf('data')).toBeDefined();
    await stage.deletePod('four');
    await stage.deleteClaim('data');
    await stage.soon(() => stage.claim('data')).toBeUndefined();
    await stage.node('bind-b').startAgent();
    await stage.soon(stage.leftovers).toEqual([]);
  });

  it('is told the numbers while no node has the room, and bound when one has', async () => {
    await stage.makeClaim({ name: 'data', className: 'berth-nvme', size: '12Gi' });
    await stage.makePod({ name: 'five', claims: ['data'] });
    await stage
      .soon(() => stage.told('five'))
      .toContainEqual(expect.stringMatching(/^NoRoomOnDisks: .*12 GiB.*10 GiB/));
    await stage.node('bind-a').plugIn(8);
    await stage.isReady('five');
    expect(await stage.nodeOf('five')).toBe('bind-a');
    await cleared('five', 'data');
  });

  it('is scheduled elsewhere when its node turns out to have no room (trap 82)', async () => {
    // Somebody else's volume that the agent has not seen yet; the node still looks like the one with the most room.
    const { state } = stage.node('bind-a').machine;
    const made = runFakeLvm(state, ['lvcreate', '--name', 'theirs', '--extents', '4000', 'csi-vg-nvme']);
    expect(made.stderr).toBe('');
    await stage.makeClaim({ name: 'data', className: 'berth-nvme', size: '6Gi' });
    await stage.makePod({ name: 'three', claims: ['data'] });
    await stage.isReady('three');
    expect(await stage.nodeOf('three')).toBe('bind-b');
    expect(await stage.told('data')).toContainEqual(
      expect.stringMatching(/ProvisioningFailed: node bind-a has no room .*6 GiB are asked for; choosing a node again/),
    );
    runFakeLvm(state, ['lvremove', 'csi-vg-nvme/theirs']);
    await cleared('three', 'data');
  });
});

describe('a claim that is bound at once', () => {
  it('gets its volume without any pod, and its pod goes where the volume is', async () => {
    await stage.makeClaim({ name: 'data', className: 'immediate', size: '9Gi' });
    await stage.isBound('data');
    const volume = await stage.logicalVolumeOf('data');
    await stage.makePod({ name: 'one', claims: ['data'] });
    await stage.isReady('one');
    expect(await stage.nodeOf('one')).toBe(volume?.spec.nodeName);
    await cleared('one', 'data');
  });
});

describe('a claim that cannot be', () => {
  const refusal = async (name: string, className: string, spec: Parameters<typeof stage.makeClaim>[1]) => {
    await stage.makeClaim({ name, className }, spec);
    await stage.soon(() => stage.told(name)).toContainEqual(expect.stringContaining('ProvisioningRefused'));
    const told = await stage.told(name);
    await stage.deleteClaim(name);
    return told.find((sentence) => sentence.startsWith('ProvisioningRefused')) ?? '';
  };

  it.each([
    [
      'wrong-parameter',
      'a class with a wrong parameter',
      'misspelt',
      {},
      'disk-type is "tape"; write one of hdd, ssd, nvme',
    ],
    [
      'filled',
      'a source',
      'berth-nvme',
      { dataSource: { kind: 'PersistentVolumeClaim', name: 'other' } },
      'volumes cannot be filled from a PersistentVolumeClaim; make the claim without dataSource',
    ],
    [
      'for-many',
      'an access mode for many nodes',
      'berth-nvme',
      { accessModes: ['ReadWriteMany'] },
      'access mode ReadWriteMany is not possible with a disk inside one node; use ReadWriteOnce',
    ],
    [
      'small',
      'less than its file system needs (trap 9)',
      'berth-nvme',
      { resources: { requests: { storage: '100Mi' } } },
      'asks for 100 MiB, the smallest xfs volume is 300 MiB',
    ],
  ])('%s: is told why, for %s', async (name, _what, className, spec, sentence) => {
    expect(await refusal(name, className, spec)).toContain(sentence);
  });
});
