import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NODES } from '@berth/kube/resources';
import { systemClock } from '@berth/runtime/clock';
import { describe, expect, it } from 'vitest';
import { useAgent } from './testing/agent-harness.ts';

const MIB = 1024 ** 2;
const agent = useAgent();
const { create, plugIn, programs, ready, restart, soon, storage, taken } = agent;

describe('the storage of a node', () => {
  it('is what its blank disks give, and says why the others are not taken', async () => {
    await taken();
    const { metadata, status } = (await storage()) ?? { metadata: undefined, status: undefined };
    expect(metadata?.ownerReferences).toEqual([{ apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: 'node-uid' }]);
    expect(status?.capacity).toEqual({ 'csi.storage.io/csi-vg-nvme': '1Gi' });
    expect(status?.allocatable).toEqual({ 'csi.storage.io/csi-vg-nvme': '1Gi' });
    expect(status?.groups?.[0]).toMatchObject({ name: 'csi-vg-nvme', medium: 'nvme', extentSize: '4Mi', foreign: '0' });
    expect(status?.disks?.map(({ path, state, reason }) => [path, state, reason])).toEqual([
      ['/dev/nvme0n1', 'Adopted', undefined],
      ['/dev/nvme1n1', 'Refused', 'not taken: it is mounted at /'],
      ['/dev/vda', 'Refused', expect.stringContaining('mediumRules')],
    ]);
    expect(status?.conditions?.map(({ type, status: value }) => [type, value])).toEqual([
      ['ProgramsInstalled', 'True'],
      ['LvmAnswers', 'True'],
      ['GroupsUsable', 'True'],
    ]);
  });

  it('is taken by few programs: each costs a second where the processor is slow', async () => {
    await taken();
    const others = programs().filter((program) => program !== 'lvm fullreport');
    expect(others).toEqual(['find-missing', 'lsblk', 'probe', 'lvm pvcreate', 'lvm vgcreate']);
  });

  it('takes a disk that is plugged in as soon as udev has dealt with it, and not before', async () => {
    const database = join(agent.directory, 'udev/data');
    await mkdir(database, { recursive: true });
    for (const number of [0, 1, 2]) await writeFile(join(database, `b259:${number}`), '');
    await plugIn();
    await restart();
    await soon(async () => (await storage())?.status?.disks?.at(-1)).toMatchObject({
      state: 'Refused',
      reason: 'not taken: udev has not dealt with it yet',
    });
    await writeFile(join(database, 'b259:3'), 'E:ID_SERIAL=S3\n');
    await soon(async () => (await storage())?.status?.capacity).toEqual({ 'csi.storage.io/csi-vg-nvme': '2Gi' });
  });

  it('takes disks as the labels of the node say, where a rule asks for them', async () => {
    await taken();
    await agent.client.mergePatch(NODES, { name: 'node-1' }, { metadata: { labels: { pool: 'dense' } } });
    await restart('--medium-rules', 'label:pool=fast=nvme,label:pool=dense&path:/dev/vd*=hdd');
    await soon(async () => (await storage())?.status?.disks?.[2]).toMatchObject({
      medium: 'hdd',
      mediumDecidedBy: 'rule label:pool=dense&path:/dev/vd*=hdd',
    });
  });

  it('grows with its disks', async () => {
    await taken();
    const [disk] = agent.machine.state.disks;
    if (disk !== undefined) disk.sizeBytes = 2049 * MIB;
    await restart();
    await soon(async () => (await storage())?.status?.capacity).toEqual({ 'csi.storage.io/csi-vg-nvme': '2Gi' });
    const resized = () => agent.machine.state.commands.filter((line) => line.startsWith('lvm pvresize'));
    expect(resized()).toHaveLength(1);
    await restart();
    await soon(() => programs().filter((program) => program === 'lsblk').length).toBe(3);
    expect(resized()).toHaveLength(1);
  });

  it('is written only when it changed (trap 98)', async () => {
    await taken();
    await create('pvc-1', '8Mi');
    await ready('pvc-1');
    await expect
      .poll(async () => (await storage())?.status?.allocatable?.['csi.storage.io/csi-vg-nvme'])
      .toBe('1016Mi');
    const writes = () =>
      agent.client.calls.filter((call) => call.startsWith('APPLY') && call.endsWith('/status')).length;
    const before = writes();
    await restart();
    agent.machine.state.commands = [];
    // The look at the disks comes right before the write.
    await soon(() => programs()).toContain('lsblk');
    await systemClock.sleep(100, AbortSignal.timeout(5_000));
    expect(writes()).toBe(before);
  });
});

describe('a node where something is wrong', () => {
  const condition = async (type: string) => (await storage())?.status?.conditions?.find((each) => each.type === type);

  it('names missing programs and the package to install (trap 99)', async () => {
    await taken();
    agent.machine.state.missingPrograms = ['mkfs.xfs'];
    await restart();
    await soon(() => condition('ProgramsInstalled')).toMatchObject({
      status: 'False',
      message: 'the node has no program mkfs.xfs; install the package xfsprogs on it',
    });
  });

  it('says so when LVM does not answer, and keeps what it knew', async () => {
    await taken();
    agent.machine.state.missingPrograms = ['lvm'];
    await restart();
    await soon(() => condition('LvmAnswers')).toMatchObject({ status: 'False' });
    expect((await storage())?.status?.groups).toHaveLength(1);
    agent.machine.state.missingPrograms = [];
    await soon(() => condition('LvmAnswers')).toMatchObject({ status: 'True' });
  });

  it('says so while LVM is stuck, and keeps what it knew', async () => {
    await taken();
    agent.machine.state.faults.push({ match: 'fullreport', how: 'hang' });
    await create('pvc-1', '8Mi');
    await soon(() => condition('LvmAnswers')).toMatchObject({
      status: 'False',
      message: expect.stringMatching(/^LVM is stuck since .*Z: lvm was ended$/),
    });
    expect((await storage())?.status?.groups).toHaveLength(1);
    const commands = agent.machine.state.commands.length;
    await restart();
    await ready('pvc-1');
    await soon(() => condition('LvmAnswers')).toMatchObject({ status: 'True' });
    expect(agent.machine.state.commands.length).toBeGreaterThan(commands);
  });

  it('keeps a disk that is gone in the list (trap 53), and does not take a stranger in its place', async () => {
    await taken();
    const [disk] = agent.machine.state.disks.splice(0, 1);
    await restart();
    await soon(async () => (await storage())?.status?.disks?.at(-1)).toMatchObject({ state: 'Missing' });
    if (disk !== undefined) agent.machine.state.disks.unshift(disk);
    await restart();
    await soon(async () => (await storage())?.status?.disks?.map(({ state }) => state)).not.toContain('Missing');
  });

  it('does not touch a volume group of somebody else that has our name', async () => {
    await taken();
    for (const group of agent.machine.state.groups) group.tags = [];
    await restart();
    await soon(() => condition('GroupsUsable')).toMatchObject({ message: expect.stringContaining('is not ours') });
    expect((await storage())?.status?.allocatable).toEqual({});
  });
});
