import { LOGICAL_VOLUMES, NODE_STORAGES } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { useAgent } from './testing/agent-harness.ts';

const agent = useAgent();
const { create, object, plugIn, ready, restart, soon, storage, taken, volumes } = agent;

const group = async () => (await storage())?.status?.groups?.[0];
const condition = async (type: string) =>
  (await object('pvc-1'))?.status?.conditions?.find((each) => each.type === type);
const lookAgain = () =>
  agent.client.mergePatch(NODE_STORAGES, { name: 'node-1' }, { spec: { forget: ['no such disk'] } });
const onTwoDisks = async () => {
  await taken();
  await plugIn();
  await restart();
  await soon(async () => (await group())?.physicalVolumes.length).toBe(2);
};

describe('a volume on two disks', () => {
  it('is reported with the size it offers, and what it takes is neither free nor somebody else’s', async () => {
    await onTwoDisks();
    expect(await group()).toMatchObject({ free: '2Gi', diskFree: ['1Gi', '1Gi'] });
    await create('pvc-1', '9Mi', { layout: 'raid1' });
    await ready('pvc-1');
    expect((await object('pvc-1'))?.status).toMatchObject({ size: '12Mi' });
    await soon(group).toMatchObject({ free: '2016Mi', foreign: '0', diskFree: ['1008Mi', '1008Mi'] });
    await create('pvc-2', '9Mi', { layout: 'striped', stripes: 2 });
    await ready('pvc-2');
    await soon(group).toMatchObject({ free: '2000Mi', foreign: '0', diskFree: ['1000Mi', '1000Mi'] });
    for (const name of ['pvc-1', 'pvc-2']) await agent.client.delete(LOGICAL_VOLUMES, { name });
    await soon(group).toMatchObject({ free: '2Gi', diskFree: ['1Gi', '1Gi'] });
    expect(volumes()).toEqual([]);
  });

  it('grows on both', async () => {
    await onTwoDisks();
    await create('pvc-1', '8Mi', { layout: 'raid1' });
    await ready('pvc-1');
    await agent.client.mergePatch(LOGICAL_VOLUMES, { name: 'pvc-1' }, { spec: { size: '20Mi' } });
    await soon(async () => (await object('pvc-1'))?.status?.size).toBe('20Mi');
    await soon(group).toMatchObject({ free: '2000Mi', diskFree: ['1000Mi', '1000Mi'] });
  });

  it('is refused with the numbers where there is one disk, so that its pod is scheduled again', async () => {
    await taken();
    await create('pvc-1', '8Mi', { layout: 'raid1' });
    await soon(async () => (await object('pvc-1'))?.status?.phase).toBe('Failed');
    expect(await condition('Ready')).toMatchObject({
      ...{ status: 'False', reason: 'ResourceExhausted' },
      message: 'csi-vg-nvme has 1 of the 2 disks with 12 MiB free that a volume needs that is raid1',
    });
  });
});

describe('a volume with two copies', () => {
  it('is degraded and not lost while one is missing, and says when it is well again', async () => {
    await onTwoDisks();
    await create('pvc-1', '8Mi', { layout: 'raid1' });
    await ready('pvc-1');
    expect(await condition('Degraded')).toBeUndefined();
    const [lv] = agent.machine.state.groups[0]?.lvs ?? [];
    Object.assign(lv ?? {}, { health: 'partial' });
    await lookAgain();
    await soon(() => condition('Degraded')).toMatchObject({ status: 'True', reason: 'CopyMissing' });
    expect((await condition('Degraded'))?.message).toContain('run lvconvert --repair csi-vg-nvme/pvc-1 on the node');
    expect(await condition('Ready')).toMatchObject({ status: 'True' });
    Object.assign(lv ?? {}, { health: '', syncPercent: 12 });
    await lookAgain();
    await soon(() => condition('Degraded')).toMatchObject({ status: 'True', reason: 'Synchronizing' });
    Object.assign(lv ?? {}, { syncPercent: 100 });
    await lookAgain();
    await soon(() => condition('Degraded')).toBeUndefined();
  });
});
