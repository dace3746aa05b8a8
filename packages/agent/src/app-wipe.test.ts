import { LOGICAL_VOLUMES } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { useAgent } from './testing/agent-harness.ts';

const agent = useAgent();
const { create, object, ready, soon, taken, volumes } = agent;

const DEACTIVATE = '--activate n csi-vg-nvme/pvc-1';

const createWith = async (wipePolicy: 'discard' | 'zero', name = 'pvc-1') => {
  await taken();
  await create(name, '8Mi', { wipePolicy });
  await ready(name);
};
const remove = (name = 'pvc-1') => agent.client.delete(LOGICAL_VOLUMES, { name });
const touch = (patch: object) => agent.client.mergePatch(LOGICAL_VOLUMES, { name: 'pvc-1' }, patch);
const ran = (program: string): string[] => agent.machine.state.commands.filter((line) => line.startsWith(program));
const condition = async () => (await object('pvc-1'))?.status?.conditions?.[0];

describe('a volume whose data are to be wiped', () => {
  it.each([
    ['zero', 'blkdiscard --zeroout --step 268435456 --offset 0 --length 8388608 /dev/csi-vg-nvme/pvc-1'],
    ['discard', 'blkdiscard --offset 0 --length 8388608 /dev/csi-vg-nvme/pvc-1'],
  ] as const)('is removed once all of it is (%s)', async (policy, command) => {
    await createWith(policy);
    await remove();
    await soon(() => object('pvc-1')).toBeUndefined();
    const { commands } = agent.machine.state;
    const order = [DEACTIVATE, command, 'lvm lvremove'].map((part) =>
      commands.findIndex((line) => line.includes(part)),
    );
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(volumes()).toEqual([]);
  });

  it('is not touched while a program has it open', async () => {
    await createWith('zero');
    const volume = agent.machine.state.groups[0]?.lvs[0];
    Object.assign(volume ?? {}, { open: true });
    await remove();
    await soon(condition).toMatchObject({ status: 'False', reason: 'InUse', message: /in use/ });
    expect(ran('blkdiscard')).toEqual([]);
    Object.assign(volume ?? {}, { open: false });
    await touch({ metadata: { labels: { touched: 'yes' } } });
    await soon(() => object('pvc-1')).toBeUndefined();
  });

  it('keeps its room until then, says how far it is, and goes on where it was when the agent is stopped in between', async () => {
    await createWith('zero');
    agent.machine.state.faults.push({ match: 'blkdiscard', how: 'hang' });
    await remove();
    await soon(() => ran('blkdiscard').length).toBe(1);
    expect((await object('pvc-1'))?.status).toMatchObject({ phase: 'Deleting', wiped: '0' });
    expect(await condition()).toMatchObject({
      reason: 'Wiping',
      message: 'its data are wiped first: 0 B of 8 MiB are overwritten with zeros',
    });
    expect(volumes()).toEqual(['pvc-1']);
    await agent.restart();
    await soon(() => object('pvc-1')).toBeUndefined();
    expect(ran('blkdiscard')).toHaveLength(2);
    expect(ran('lvm lvchange').filter((line) => line.includes(DEACTIVATE))).toHaveLength(1);
  });

  it('that can not be wiped stays and says why, until the operator wants it otherwise', async () => {
    await createWith('discard');
    const stderr = 'blkdiscard: BLKDISCARD ioctl failed: Operation not supported';
    const fault = { match: 'blkdiscard --offset', how: 'fail-before', stderr, exitCode: 1 } as const;
    agent.machine.state.faults.push(...Array.from({ length: 20 }, () => ({ ...fault })));
    await remove();
    await soon(condition).toMatchObject({ status: 'False', message: expect.stringContaining(stderr) });
    expect((await condition())?.message).toContain('until spec.wipePolicy is zero or none');
    expect(volumes()).toEqual(['pvc-1']);
    await touch({ spec: { wipePolicy: 'none' } });
    await soon(() => object('pvc-1')).toBeUndefined();
    expect(agent.machine.state.faults).not.toEqual([]);
  });

  it('waits for others, so that the node has time for more than wiping', async () => {
    await createWith('zero');
    await createWith('zero', 'pvc-2');
    agent.machine.state.faults.push({ match: 'blkdiscard', how: 'hang' });
    await remove();
    await soon(() => ran('blkdiscard').length).toBe(1);
    await remove('pvc-2');
    await create('pvc-3', '8Mi');
    await ready('pvc-3');
    expect(ran('blkdiscard')).toHaveLength(1);
    expect(volumes()).toEqual(['pvc-1', 'pvc-2', 'pvc-3']);
  });
});
