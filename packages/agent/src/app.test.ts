import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LOGICAL_VOLUME_FINALIZER } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { NodeStorageSpec } from '@berth/contract/resources/node-storage';
import { EVENTS, LOGICAL_VOLUMES, NODE_STORAGES, NODES } from '@berth/kube/resources';
import { createFakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { systemClock } from '@berth/runtime/clock';
import { readConfig } from '@berth/runtime/config';
import { silentLogger } from '@berth/runtime/logger';
import { createMetrics } from '@berth/runtime/metrics';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Agent, startAgent } from './app.ts';
import { agentConfigSchema } from './config.ts';
import { createFakeMachine, type FakeMachine } from './testing/fake-machine.ts';
import { createMachineState, type FakeDisk } from './testing/machine-state.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const MIB = 1024 ** 2;
let machine: FakeMachine;
let client: ReturnType<typeof createFakeKubeClient>;
let agent: Agent;
let stop: AbortController;
let directory: string;

const start = async (...settings: string[]) => {
  stop = new AbortController();
  const dirs = ['proc', 'sys', 'dev', 'udev'].flatMap((name) => [`--${name}-dir`, join(directory, name)]);
  const argv = [
    '--report-seconds=0',
    '--node-name',
    'node-1',
    '--kubelet-dir',
    join(directory, 'k'),
    '--command-prefix',
    '',
    ...dirs,
    ...settings,
  ];
  const config = readConfig(agentConfigSchema, { argv, env: {} });
  const parts = { config, client, spawner: machine.spawner, clock: systemClock, logger: silentLogger };
  agent = await startAgent({ ...parts, metrics: createMetrics(), version: '0.1.0' }, stop.signal);
};

beforeEach(async () => {
  directory = await temporaryDirectory();
  const disks = [
    { path: '/dev/nvme0n1', sizeBytes: 1025 * MIB },
    { path: '/dev/nvme1n1', sizeBytes: 1025 * MIB, lsblk: { mountpoint: '/' } },
    { path: '/dev/vda', sizeBytes: 1025 * MIB, lsblk: { tran: 'virtio' } },
  ];
  machine = createFakeMachine(
    createMachineState(disks, {
      '/dev/disk/by-id/nvme-Disk_S0': '/dev/nvme0n1',
      '/dev/disk/by-id/nvme-Disk_S1': '/dev/nvme1n1',
    }),
    directory,
  );
  await mkdir(join(directory, 'dev/disk/by-id'), { recursive: true });
  for (const [index, name] of ['nvme0n1', 'nvme1n1', 'vda'].entries()) {
    await writeFile(join(directory, 'dev', name), '');
    await symlink(`../../${name}`, join(directory, 'dev/disk/by-id', `nvme-Disk_S${index}`));
  }
  client = createFakeKubeClient();
  await client.create(NODES, { metadata: { name: 'node-1', uid: 'node-uid' } });
  await start();
});

afterEach(async () => {
  stop.abort();
  await agent.close();
});

/** The agent works in the background; a busy machine may take its time. */
const soon = <T>(read: () => T) => expect.poll(read, { timeout: 15_000 });
const restart = async (...settings: string[]) => {
  stop.abort();
  await agent.close();
  await start(...settings);
};
const storage = () => client.get(NODE_STORAGES, { name: 'node-1' });
const object = (name: string) => client.get(LOGICAL_VOLUMES, { name });
const ready = (name: string) => soon(async () => (await object(name))?.status?.phase).toBe('Ready');
const taken = () => soon(async () => (await storage())?.status?.groups?.length).toBe(1);
const create = (name: string, size: string, fields: Partial<LogicalVolume['spec']> = {}) =>
  client.create(LOGICAL_VOLUMES, {
    metadata: { name, finalizers: [LOGICAL_VOLUME_FINALIZER] },
    spec: {
      nodeName: 'node-1',
      medium: 'nvme',
      size,
      volumeMode: 'Filesystem',
      fsType: 'xfs',
      claim: { namespace: 'default', name: 'data', uid: 'x' },
      ...fields,
    },
  });
/** Names of the programs run so far; of scripts, the name that stands behind them. */
const programs = () =>
  machine.state.commands.map((line) => {
    const [program, command] = line.split(' ');
    if (program === 'sh') return / (find-missing|probe) [/l]/.exec(line)?.[1];
    return program === 'lvm' ? `lvm ${command}` : program;
  });
const volumes = () => machine.state.groups[0]?.lvs.map(({ name }) => name);

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

  it('takes a disk that is plugged in as soon as udev has dealt with it', async () => {
    await mkdir(join(directory, 'udev/data'), { recursive: true });
    await restart();
    await taken();
    machine.state.disks.push({ path: '/dev/nvme2n1', sizeBytes: 1025 * MIB });
    machine.state.links['/dev/disk/by-id/nvme-Disk_S3'] = '/dev/nvme2n1';
    await writeFile(join(directory, 'dev/nvme2n1'), '');
    await symlink('../../nvme2n1', join(directory, 'dev/disk/by-id/nvme-Disk_S3'));
    await writeFile(join(directory, 'udev/data/b259:2'), 'E:ID_SERIAL=S3\n');
    await soon(async () => (await storage())?.status?.capacity).toEqual({ 'csi.storage.io/csi-vg-nvme': '2Gi' });
  });

  it('grows with its disks', async () => {
    await taken();
    const [disk] = machine.state.disks;
    if (disk !== undefined) disk.sizeBytes = 2049 * MIB;
    await restart();
    await soon(async () => (await storage())?.status?.capacity).toEqual({ 'csi.storage.io/csi-vg-nvme': '2Gi' });
    const resized = () => machine.state.commands.filter((line) => line.startsWith('lvm pvresize'));
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
    const writes = () => client.calls.filter((call) => call.startsWith('APPLY') && call.endsWith('/status')).length;
    const before = writes();
    await restart();
    machine.state.commands = [];
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
    machine.state.missingPrograms = ['mkfs.xfs'];
    await restart();
    await soon(() => condition('ProgramsInstalled')).toMatchObject({
      status: 'False',
      message: 'the node has no program mkfs.xfs; install the package xfsprogs on it',
    });
  });

  it('says so when LVM does not answer, and keeps what it knew', async () => {
    await taken();
    machine.state.missingPrograms = ['lvm'];
    await restart();
    await soon(() => condition('LvmAnswers')).toMatchObject({ status: 'False' });
    expect((await storage())?.status?.groups).toHaveLength(1);
    machine.state.missingPrograms = [];
    await soon(() => condition('LvmAnswers')).toMatchObject({ status: 'True' });
  });

  it('says so while LVM is stuck, and keeps what it knew', async () => {
    await taken();
    machine.state.faults.push({ match: 'fullreport', how: 'hang' });
    await create('pvc-1', '8Mi');
    await soon(() => condition('LvmAnswers')).toMatchObject({
      status: 'False',
      message: expect.stringMatching(/^LVM is stuck since .*Z: lvm was ended$/),
    });
    expect((await storage())?.status?.groups).toHaveLength(1);
    const commands = machine.state.commands.length;
    await restart();
    await ready('pvc-1');
    await soon(() => condition('LvmAnswers')).toMatchObject({ status: 'True' });
    expect(machine.state.commands.length).toBeGreaterThan(commands);
  });

  it('keeps a disk that is gone in the list (trap 53), and does not take a stranger in its place', async () => {
    await taken();
    const [disk] = machine.state.disks.splice(0, 1);
    await restart();
    await soon(async () => (await storage())?.status?.disks?.at(-1)).toMatchObject({ state: 'Missing' });
    if (disk !== undefined) machine.state.disks.unshift(disk);
    await restart();
    await soon(async () => (await storage())?.status?.disks?.map(({ state }) => state)).not.toContain('Missing');
  });

  it('does not touch a volume group of somebody else that has our name', async () => {
    await taken();
    for (const group of machine.state.groups) group.tags = [];
    await restart();
    await soon(() => condition('GroupsUsable')).toMatchObject({ message: expect.stringContaining('is not ours') });
    expect((await storage())?.status?.allocatable).toEqual({});
  });
});

describe('what an operator asks for', () => {
  const LEFTOVER = 'Disk_S-/dev/nvme2n1';
  const plugIn = async (disk: Partial<FakeDisk>) => {
    machine.state.disks.push({ path: '/dev/nvme2n1', sizeBytes: 1025 * MIB, ...disk });
    machine.state.links['/dev/disk/by-id/nvme-Disk_S3'] = '/dev/nvme2n1';
    await writeFile(join(directory, 'dev/nvme2n1'), '');
    await symlink('../../nvme2n1', join(directory, 'dev/disk/by-id/nvme-Disk_S3'));
  };
  const leftover = { kind: 'filesystem', type: 'ext4', uuid: 'old' } as const;
  const ask = (spec: NodeStorageSpec) => client.mergePatch(NODE_STORAGES, { name: 'node-1' }, { spec });
  const disk = async (path: string) => (await storage())?.status?.disks?.find((each) => each.path === path);
  const events = async (reason: string) =>
    (await client.list(EVENTS)).items.filter((event) => event.reason === reason).map(({ message }) => message);

  it('wipes a disk with leftovers, once, and takes it', async () => {
    await plugIn({ content: leftover });
    await restart();
    await soon(() => disk('/dev/nvme2n1')).toMatchObject({ state: 'Refused', reason: expect.stringContaining('ext4') });
    expect(machine.state.disks.at(-1)?.content).toEqual(leftover);
    await ask({ wipe: [LEFTOVER] });
    await soon(() => disk('/dev/nvme2n1')).toMatchObject({ state: 'Adopted' });
    expect(await events('DiskWiped')).toEqual([`the disk ${LEFTOVER} was wiped as asked for`]);
    expect((await storage())?.spec?.wipe).toBeUndefined();
  });

  it('wipes no disk that somebody uses, nor one that is not there, and says so', async () => {
    await taken();
    const mounted = 'Disk_S-/dev/nvme1n1';
    const ours = 'Disk_S-/dev/nvme0n1';
    await ask({ wipe: [mounted, ours, 'nobody'] });
    await soon(() => events('WipeRefused')).toEqual([
      `the disk ${mounted} was not wiped: it is mounted at /`,
      `the disk ${ours} was not wiped: it belongs to our volume group csi-vg-nvme`,
      'the disk nobody was not wiped: no disk of the node has this identity',
    ]);
    expect(machine.state.commands.filter((line) => line.startsWith('wipefs'))).toEqual([]);
  });

  it('only looks when it is told to observe', async () => {
    await taken();
    await plugIn({});
    await restart('--mode=observe');
    await soon(() => disk('/dev/nvme2n1')).toMatchObject({
      state: 'Available',
      reason: 'not taken: the agent only observes; it would be taken into csi-vg-nvme',
    });
    await ask({ wipe: [LEFTOVER] });
    await soon(() => events('WipeRefused')).toHaveLength(1);
    expect(machine.state.disks.at(-1)?.content).toBeUndefined();
  });

  it('removes no orphan that has only just become one, but shows it', async () => {
    await taken();
    await create('pvc-1', '8Mi');
    await ready('pvc-1');
    await client.mergePatch(LOGICAL_VOLUMES, { name: 'pvc-1' }, { metadata: { finalizers: null } });
    await client.delete(LOGICAL_VOLUMES, { name: 'pvc-1' });
    await restart();
    await soon(async () => (await storage())?.status?.groups?.[0]?.orphans).toMatchObject([
      { name: 'pvc-1', size: '8Mi' },
    ]);
    await ask({ removeOrphans: ['pvc-1'] });
    await soon(() => events('OrphanKept')).toEqual([expect.stringContaining('ten minutes later')]);
    expect(volumes()).toEqual(['pvc-1']);
  });

  it('forgets a missing disk', async () => {
    await taken();
    machine.state.disks.splice(0, 1);
    await restart();
    await soon(() => disk('/dev/nvme0n1')).toMatchObject({ state: 'Missing' });
    await soon(() => events('DiskMissing')).toHaveLength(1);
    await ask({ forget: ['Disk_S-/dev/nvme0n1'] });
    await soon(() => disk('/dev/nvme0n1')).toBeUndefined();
  });
});

describe('a logical volume', () => {
  it('is made, reported with its real size, and removed with its object', async () => {
    await taken();
    await create('pvc-1', '9Mi');
    await ready('pvc-1');
    expect((await object('pvc-1'))?.status).toMatchObject({ size: '12Mi', volumeGroup: 'csi-vg-nvme' });
    await client.delete(LOGICAL_VOLUMES, { name: 'pvc-1' });
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
    await client.delete(LOGICAL_VOLUMES, { name: 'pvc-1' });
    await soon(() => object('pvc-1')).toBeUndefined();
  });

  it('stays while it is mounted, and says where', async () => {
    await taken();
    await create('pvc-1', '8Mi');
    await ready('pvc-1');
    const target = '/var/lib/kubelet/x';
    machine.state.mounts.push({ device: '253:0', source: '/dev/x', target, fsType: 'xfs', options: ['rw'] });
    machine.sync();
    await client.delete(LOGICAL_VOLUMES, { name: 'pvc-1' });
    await soon(async () => (await object('pvc-1'))?.status?.phase).toBe('Deleting');
    expect((await object('pvc-1'))?.status?.conditions?.[0]?.message).toContain(target);
    expect(volumes()).toEqual(['pvc-1']);
  });

  const resize = (name: string, size: string) => client.mergePatch(LOGICAL_VOLUMES, { name }, { spec: { size } });
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
    machine.state.faults.push({ match: 'lvm lvextend', how: 'fail-after' });
    await resize('pvc-1', '20Mi');
    await soon(async () => (await object('pvc-1'))?.status?.size).toBe('20Mi');
    expect(machine.state.commands.filter((line) => line.startsWith('lvm lvextend'))).toHaveLength(1);
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
    for (const group of machine.state.groups) group.lvs = [];
    await client.mergePatch(LOGICAL_VOLUMES, { name: 'pvc-1' }, { metadata: { labels: { touched: 'yes' } } });
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
    machine.state.faults.push({ match: 'lvm lvcreate', how: 'fail-after' });
    await create('pvc-1', '8Mi');
    await ready('pvc-1');
    expect(volumes()).toEqual(['pvc-1']);
  });
});
