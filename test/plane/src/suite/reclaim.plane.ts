import { LOGICAL_VOLUMES, VOLUMES } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { useStage } from '../testing/use-stage.ts';

const stage = useStage('reclaim', [{ name: 'reclaim-a', rack: 'r1', gib: 10 }]);

/** A claim with its pod; gives the name of its volume. */
const bound = async (name: string, className: string): Promise<string> => {
  const { metadata } = await stage.makeClaim({ name, className });
  await stage.makePod({ name, claims: [name] });
  await stage.isReady(name);
  return `pvc-${metadata?.uid}`;
};
const released = async (name: string) => {
  await stage.deletePod(name);
  await stage.deleteClaim(name);
};
const phase = async (name: string) => (await stage.client.get(VOLUMES, { name }))?.status?.phase;
const deleteVolume = (name: string) => stage.client.delete(VOLUMES, { name });

describe('a volume whose class says Delete', () => {
  it('stays while a pod uses its claim, also when the claim is deleted', async () => {
    const name = await bound('used', 'berth-nvme');
    await stage.deleteClaim('used');
    await stage.soon(async () => (await stage.claim('used'))?.metadata?.deletionTimestamp).toBeDefined();
    expect((await stage.client.get(LOGICAL_VOLUMES, { name }))?.metadata.deletionTimestamp).toBeUndefined();
    await stage.deletePod('used');
    await stage.soon(stage.leftovers).toEqual([]);
  });

  it('stays until its claim goes when somebody deletes it by hand, and leaves nothing then', async () => {
    const name = await bound('by-hand', 'berth-nvme');
    await deleteVolume(name);
    expect(await phase(name)).toBe('Bound');
    await released('by-hand');
    await stage.soon(stage.leftovers).toEqual([]);
  });

  it('goes only when its node has removed it from the disks', async () => {
    const name = await bound('slow', 'berth-nvme');
    await stage.node('reclaim-a').stopAgent();
    await released('slow');
    await stage
      .soon(async () => (await stage.client.get(LOGICAL_VOLUMES, { name }))?.metadata.deletionTimestamp)
      .toBeDefined();
    expect(await stage.leftovers()).toEqual([name, name, `${name} on the disks of reclaim-a`]);
    await stage.node('reclaim-a').startAgent();
    await stage.soon(stage.leftovers).toEqual([]);
  });
});

describe('a volume whose class says Retain', () => {
  it('keeps its data after its claim and its persistent volume are deleted, until somebody deletes the LogicalVolume (trap 84)', async () => {
    const name = await bound('kept', 'retained');
    await released('kept');
    await stage.soon(() => phase(name)).toBe('Released');
    await deleteVolume(name);
    const condition = async () =>
      (await stage.client.get(LOGICAL_VOLUMES, { name }))?.status?.conditions?.find(({ type }) => type === 'Claimed');
    await stage.soon(condition).toMatchObject({ status: 'False', reason: 'Retained' });
    expect(await stage.leftovers()).toEqual([name, `${name} on the disks of reclaim-a`]);
    await stage.client.delete(LOGICAL_VOLUMES, { name });
    await stage.soon(stage.leftovers).toEqual([]);
  });

  it('goes with its persistent volume when the policy is changed to Delete', async () => {
    const name = await bound('changed', 'retained');
    await stage.client.mergePatch(VOLUMES, { name }, { spec: { persistentVolumeReclaimPolicy: 'Delete' } });
    await released('changed');
    await stage.soon(stage.leftovers).toEqual([]);
  });
});

describe('a LogicalVolume that nobody knows', () => {
  it('is marked, and deleted after its grace', async () => {
    const name = 'pvc-of-nobody';
    await stage.client.create(LOGICAL_VOLUMES, {
      metadata: { name, finalizers: ['csi.storage.io/logical-volume'] },
      spec: {
        nodeName: 'reclaim-a',
        medium: 'nvme',
        size: '1Gi',
        volumeMode: 'Filesystem',
        fsType: 'xfs',
        claim: { namespace: 'reclaim', name: 'nobody', uid: 'of-nobody' },
      },
    });
    const conditions = async () => (await stage.client.get(LOGICAL_VOLUMES, { name }))?.status?.conditions;
    await stage
      .soon(conditions)
      .toContainEqual(expect.objectContaining({ type: 'Claimed', status: 'False', reason: 'Orphaned' }));
    await stage.soon(stage.leftovers).toEqual([]);
  });
});
