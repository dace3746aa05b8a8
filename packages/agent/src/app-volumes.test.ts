import { LOGICAL_VOLUMES } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { useAgent } from './testing/agent-harness.ts';

const agent = useAgent();
const { create, object, ready, soon, taken, volumes } = agent;

describe('a logical volume', () => {
  it('is made, reported with its real size, and removed with its object', async () => {
    await taken();
    await create('pvc-1', '9Mi');
    await ready('pvc-1');
    expect((await object('pvc-1'))?.status).toMatchObject({ size: '12Mi', volumeGroup: 'csi-vg-nvme' });
    await agent.client.delete(LOGICAL_VOLUMES, { name: 'pvc-1' });
    await soon(() => object('pvc-1')).toBeUndefined();
    expect(volumes()).toEqual([]);
  });

  it('that finds no room is Failed with ResourceExhausted, and is not tried again', async () => {
    await taken();
    await create('pvc-1', '2Gi');
    await soon(async () => (await object('pvc-1'))?.status?.phase).toBe('Failed');
    expect((await object('pvc-1'))?.status?.conditions?.[0]).toMatchObject({
      status: 'False',
      reason: 'ResourceExhausted',
    });
    await agent.client.delete(LOGICAL_VOLUMES, { name: 'pvc-1' });
    await soon(() => object('pvc-1')).toBeUndefined();
  });

  it('stays while it is mounted, and says where', async () => {
    await taken();
    await create('pvc-1', '8Mi');
    await ready('pvc-1');
    const target = '/var/lib/kubelet/x';
    agent.machine.state.mounts.push({ device: '253:0', source: '/dev/x', target, fsType: 'xfs', options: ['rw'] });
    agent.machine.sync();
    await agent.client.delete(LOGICAL_VOLUMES, { name: 'pvc-1' });
    await soon(async () => (await object('pvc-1'))?.status?.phase).toBe('Deleting');
    expect((await object('pvc-1'))?.status?.conditions?.[0]?.message).toContain(target);
    expect(volumes()).toEqual(['pvc-1']);
  });

  const resize = (name: string, size: string) => agent.client.mergePatch(LOGICAL_VOLUMES, { name }, { spec: { size } });
  const condition = async (name: string) => (await object(name))?.status?.conditions?.[0];

  it('grows when its object asks for more', async () => {
    await taken();
    await create('pvc-1', '8Mi');
    await ready('pvc-1');
    await resize('pvc-1', '20Mi');
    await soon(async () => (await object('pvc-1'))?.status?.size).toBe('20Mi');
  });

  it('grows once when the agent dies behind lvextend (trap 87)', async () => {
    await taken();
    await create('pvc-1', '8Mi');
    await ready('pvc-1');
    agent.machine.state.faults.push({ match: 'lvm lvextend', how: 'fail-after' });
    await resize('pvc-1', '20Mi');
    await soon(async () => (await object('pvc-1'))?.status?.size).toBe('20Mi');
    expect(agent.machine.state.commands.filter((line) => line.startsWith('lvm lvextend'))).toHaveLength(1);
  });

  it('that asks for more than is free stays as it is, usable, and says the numbers', async () => {
    await taken();
    await create('pvc-1', '8Mi');
    await ready('pvc-1');
    await resize('pvc-1', '2Gi');
    await soon(() => condition('pvc-1')).toMatchObject({
      status: 'True',
      reason: 'ResourceExhausted',
      message: expect.stringContaining('to grow from 8 MiB to 2 GiB, csi-vg-nvme has 1016 MiB free'),
    });
    expect((await object('pvc-1'))?.status).toMatchObject({ phase: 'Ready', size: '8Mi' });
  });

  it('never shrinks, and says so', async () => {
    await taken();
    await create('pvc-1', '20Mi');
    await ready('pvc-1');
    await resize('pvc-1', '8Mi');
    await soon(() => condition('pvc-1')).toMatchObject({
      status: 'True',
      reason: 'NeverShrinks',
      message: 'the volume keeps its 20 MiB: it never shrinks to the 8 MiB asked for',
    });
    expect((await object('pvc-1'))?.status?.size).toBe('20Mi');
  });

  it('that was Ready and is gone from the disks is not replaced by an empty one', async () => {
    await taken();
    await create('pvc-1', '8Mi');
    await ready('pvc-1');
    for (const group of agent.machine.state.groups) group.lvs = [];
    await agent.client.mergePatch(LOGICAL_VOLUMES, { name: 'pvc-1' }, { metadata: { labels: { touched: 'yes' } } });
    await soon(async () => (await object('pvc-1'))?.status?.conditions?.[0]?.status).toBe('False');
    expect(volumes()).toEqual([]);
  });

  it('of another node is none of our business', async () => {
    await taken();
    await create('pvc-1', '8Mi', { nodeName: 'node-2' });
    await create('pvc-2', '8Mi');
    await ready('pvc-2');
    expect(volumes()).toEqual(['pvc-2']);
  });

  it('is made once when the agent dies behind lvcreate (trap 87)', async () => {
    await taken();
    agent.machine.state.faults.push({ match: 'lvm lvcreate', how: 'fail-after' });
    await create('pvc-1', '8Mi');
    await ready('pvc-1');
    expect(volumes()).toEqual(['pvc-1']);
  });
});
