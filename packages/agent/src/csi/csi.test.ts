import { existsSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { volumeName } from '@berth/contract/names';
import { systemClock } from '@berth/runtime/clock';
import { createKeyedLock, type KeyedLock } from '@berth/runtime/keyed-lock';
import { type Logger, silentLogger } from '@berth/runtime/logger';
import { createMetrics } from '@berth/runtime/metrics';
import { Client, credentials, status as grpcStatus } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHost } from '../host/host.ts';
import { createLvm } from '../lvm/command.ts';
import { createVolume } from '../lvm/logical-volume.ts';
import { NEW_TAG } from '../lvm/tags.ts';
import { addDisks } from '../lvm/volume-group.ts';
import { createMounter } from '../mount/mounter.ts';
import { createFakeMachine, type FakeMachine } from '../testing/fake-machine.ts';
import { createMachineState, type FakeLv } from '../testing/machine-state.ts';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { type CsiEndpoint, startCsi } from './endpoint.ts';
import { loadServices } from './protos.ts';
import { socketPaths } from './registration.ts';

const MIB = 1024 ** 2;
const UID = '0b0e7a34-52b5-4c0f-9a52-0d2f4e5b6c71';
const VOLUME = volumeName(UID);
const SERVICES = loadServices();

let directory: string;
let machine: FakeMachine;
let endpoint: CsiEndpoint;
let logged: unknown[];
const clients: Client[] = [];

const recordingLogger: Logger = {
  ...silentLogger,
  info: (fields) => void logged.push(fields),
  warn: (fields) => void logged.push(fields),
  debug: (fields) => void logged.push(fields),
  child: () => recordingLogger,
};

const start = async (): Promise<CsiEndpoint> => {
  locks = createKeyedLock();
  const host = createHost({ spawner: machine.spawner, prefix: [] });
  return startCsi({
    host,
    lvm: createLvm({ host, clock: systemClock }),
    mounter: createMounter({ host, procDir: machine.procDir }),
    nodeName: 'node-1',
    sysDir: join(directory, 'sys'),
    locks,
    kubeletDir: join(directory, 'kubelet'),
    version: '0.1.0',
    clock: systemClock,
    logger: recordingLogger,
    metrics: createMetrics(),
  });
};

let locks: KeyedLock;

beforeEach(async () => {
  logged = [];
  directory = await temporaryDirectory();
  const state = createMachineState([{ path: '/dev/nvme0n1', sizeBytes: 2049 * MIB }]);
  machine = createFakeMachine(state, directory);
  const lvm = createLvm({ host: createHost({ spawner: machine.spawner, prefix: [] }), clock: systemClock });
  const disks = [{ link: '/dev/nvme0n1', uuids: ['a'] }];
  await addDisks(lvm, { group: 'csi-vg-nvme', disks, report: { groups: [], orphans: [] } });
  await createVolume(lvm, { group: 'csi-vg-nvme', name: VOLUME, sizeBytes: 400 * MIB, toBeFormatted: true });
  state.commands = [];
  endpoint = await start();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await endpoint.close();
});

/** Calls the real server over its socket. */
const call = <T = Record<string, unknown>>(
  service: keyof typeof SERVICES,
  method: string,
  request: object = {},
): Promise<T> => {
  const paths = socketPaths(join(directory, 'kubelet'));
  const socket = service === 'registration' ? paths.registration : paths.plugin;
  const definition = SERVICES[service][method];
  if (definition === undefined) throw new Error(`no method ${method}`);
  const client = new Client(`unix://${socket}`, credentials.createInsecure());
  clients.push(client);
  return new Promise((resolve, reject) =>
    client.makeUnaryRequest(
      definition.path,
      definition.requestSerialize,
      definition.responseDeserialize,
      request,
      (error, response) => (error ? reject(error) : resolve(response as T)),
    ),
  );
};

const path = (name: string): string => join(directory, 'kubelet', name);
const capability = (fsType = 'xfs') => ({
  mount: { fsType, mountFlags: ['rw', 'noatime'] },
  accessMode: { mode: 'SINGLE_NODE_WRITER' },
});
const BLOCK = { block: {}, accessMode: { mode: 'SINGLE_NODE_WRITER' } };
const stage = (fields: object = {}) =>
  call('node', 'NodeStageVolume', {
    volumeId: VOLUME,
    stagingTargetPath: path('staging'),
    volumeCapability: capability(),
    ...fields,
  });
const publish = (fields: object = {}) =>
  call('node', 'NodePublishVolume', {
    volumeId: VOLUME,
    stagingTargetPath: path('staging'),
    targetPath: path('pods/1/mount'),
    volumeCapability: capability(),
    ...fields,
  });
const unpublish = () => call('node', 'NodeUnpublishVolume', { volumeId: VOLUME, targetPath: path('pods/1/mount') });
const unstage = () => call('node', 'NodeUnstageVolume', { volumeId: VOLUME, stagingTargetPath: path('staging') });
const volume = (): FakeLv => machine.state.groups[0]?.lvs[0] as FakeLv;
const countMkfs = () => machine.state.commands.filter((line) => line.startsWith('mkfs')).length;

describe('registration with kubelet', () => {
  it('tells kubelet its name, socket and version, and keeps what kubelet answers', async () => {
    expect(await call('registration', 'GetInfo')).toEqual({
      type: 'CSIPlugin',
      name: 'csi.storage.io',
      endpoint: path('plugins/csi.storage.io/csi.sock'),
      supportedVersions: ['1.0.0'],
    });
    await call('registration', 'NotifyRegistrationStatus', { pluginRegistered: false, error: 'no' });
    expect(endpoint.refusal()).toContain('no');
    await call('registration', 'NotifyRegistrationStatus', { pluginRegistered: true });
    expect(endpoint.refusal()).toBeUndefined();
  });

  it('answers NodeGetInfo, GetPluginInfo and Probe without running any program', async () => {
    expect(await call('node', 'NodeGetInfo')).toMatchObject({
      nodeId: 'node-1',
      accessibleTopology: { segments: { 'topology.csi.storage.io/node': 'node-1' } },
    });
    expect(await call('identity', 'GetPluginInfo')).toMatchObject({ name: 'csi.storage.io' });
    expect(await call('identity', 'Probe')).toMatchObject({ ready: { value: true } });
    expect(machine.state.commands).toEqual([]);
  });
});

describe('the socket', () => {
  it('replaces the file of a killed process and is open to its owner only', async () => {
    await endpoint.close();
    const file = socketPaths(join(directory, 'kubelet')).plugin;
    const stale = createServer().listen(`${file}.tmp`);
    await new Promise((resolve) => stale.once('listening', resolve));
    renameSync(`${file}.tmp`, file);
    await new Promise((resolve) => stale.close(resolve));
    expect(existsSync(file)).toBe(true);
    endpoint = await start();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await call('identity', 'Probe');
  });

  it('refuses to push aside a process that answers', async () => {
    await expect(start()).rejects.toThrow('another process already serves');
  });

  it('refuses a path that the kernel would cut', async () => {
    directory = join(directory, 'x'.repeat(100));
    await expect(start()).rejects.toThrow('longer than 107 bytes');
  });
});

describe('staging', () => {
  it('formats a new volume once with the UUID of its claim, and mounts it with nouuid (trap 7)', async () => {
    await stage();
    await stage();
    await unstage();
    await stage();
    expect(countMkfs()).toBe(1);
    expect(volume().tags).not.toContain(NEW_TAG);
    expect(volume().content).toMatchObject({ type: 'xfs', uuid: UID });
    expect(machine.state.mounts).toHaveLength(1);
    expect(machine.state.mounts[0]?.options).toEqual(expect.arrayContaining(['nouuid', 'noatime']));
  });

  it.each([
    [
      'the volume reads as blank but had a file system',
      (lv: FakeLv) => ({ ...lv, tags: ['csi.storage.io'] }),
      'FAILED_PRECONDITION',
    ],
    ['the device can not be read (traps 1, 2)', (lv: FakeLv) => ({ ...lv, unreadable: true }), 'UNAVAILABLE'],
    [
      'another file system is on it (trap 11)',
      (lv: FakeLv) => ({
        ...lv,
        tags: ['csi.storage.io'],
        content: { kind: 'filesystem', type: 'ext4', uuid: 'x' } as const,
      }),
      'FAILED_PRECONDITION',
    ],
    [
      'it is marked new and carries a foreign file system',
      (lv: FakeLv) => ({ ...lv, content: { kind: 'filesystem', type: 'xfs', uuid: 'not-ours' } as const }),
      'FAILED_PRECONDITION',
    ],
    [
      'it carries what is no file system (trap 10)',
      (lv: FakeLv) => ({ ...lv, content: { kind: 'pv', uuid: 'x', group: '' } as const }),
      'FAILED_PRECONDITION',
    ],
  ] as const)('never formats when %s', async (_, change, code) => {
    Object.assign(volume(), change(volume()));
    await expect(stage()).rejects.toMatchObject({ code: grpcStatus[code] });
    expect(countMkfs()).toBe(0);
    expect(machine.state.mounts).toEqual([]);
  });

  it('takes a finished mkfs whose mark was left for its own, without formatting again', async () => {
    volume().content = { kind: 'filesystem', type: 'xfs', uuid: UID };
    await stage();
    expect(countMkfs()).toBe(0);
    expect(volume().tags).not.toContain(NEW_TAG);
  });

  it('makes its own interrupted mkfs again', async () => {
    volume().content = { kind: 'filesystem', type: 'xfs', uuid: UID, inProgress: true };
    await stage();
    expect(countMkfs()).toBe(1);
    expect(machine.state.commands.find((line) => line.startsWith('mkfs'))).toContain(' -f ');
  });

  it('does not format a finished file system that is damaged, although it is marked new', async () => {
    volume().content = { kind: 'filesystem', type: 'xfs', uuid: UID, damaged: true };
    await expect(stage()).rejects.toMatchObject({ code: grpcStatus.FAILED_PRECONDITION });
    expect(countMkfs()).toBe(0);
  });

  it.each(['mkfs.xfs', 'lvm lvchange', 'mount -t'])('finishes after a failure of %s', async (match) => {
    machine.state.faults.push({ match, how: 'fail-after' });
    await expect(stage()).rejects.toMatchObject({ code: grpcStatus.INTERNAL });
    await stage();
    expect(countMkfs()).toBe(1);
    expect(machine.state.mounts).toHaveLength(1);
  });

  it('brings the device of an inactive volume up (trap 30)', async () => {
    volume().active = false;
    await stage();
    expect(machine.state.mounts).toHaveLength(1);
  });

  it('answers Aborted while the same volume is being worked on', async () => {
    machine.state.faults.push({ match: 'mkfs.xfs', how: 'hang' });
    const first = stage().catch((error: { code: number }) => error.code);
    await systemClock.sleep(50, AbortSignal.timeout(5_000));
    await expect(stage()).rejects.toMatchObject({ code: grpcStatus.ABORTED });
    expect(await first).toBe(grpcStatus.DEADLINE_EXCEEDED);
    await stage();
  });

  it('mounts a volume that it knows while LVM is stuck, and formats none on old knowledge', async () => {
    const hang = () => machine.state.faults.push({ match: 'fullreport', how: 'hang' });
    await stage();
    await unstage();
    await stage();
    await unstage();
    hang();
    await stage();
    expect(machine.state.mounts).toHaveLength(1);
    await expect(stage({ volumeId: 'pvc-other' })).rejects.toMatchObject({ code: grpcStatus.UNAVAILABLE });
    expect(countMkfs()).toBe(1);
  });

  it('waits for our own work on the volume instead of sending kubelet away', async () => {
    const gate = Promise.withResolvers<void>();
    const ours = locks.run(VOLUME, () => gate.promise);
    const staged = stage();
    await systemClock.sleep(50, AbortSignal.timeout(5_000));
    expect(machine.state.mounts).toHaveLength(0);
    gate.resolve();
    await Promise.all([ours, staged]);
    expect(machine.state.mounts).toHaveLength(1);
  });

  it.each([
    ['no volume id', { volumeId: '' }, 'INVALID_ARGUMENT'],
    ['no path', { stagingTargetPath: '' }, 'INVALID_ARGUMENT'],
    ['a relative path', { stagingTargetPath: 'x' }, 'INVALID_ARGUMENT'],
    ['no capability', { volumeCapability: null }, 'INVALID_ARGUMENT'],
    ['a file system we do not make', { volumeCapability: capability('btrfs') }, 'INVALID_ARGUMENT'],
    [
      'several nodes',
      { volumeCapability: { ...capability(), accessMode: { mode: 'MULTI_NODE_MULTI_WRITER' } } },
      'INVALID_ARGUMENT',
    ],
    ['an unknown volume', { volumeId: 'pvc-other' }, 'NOT_FOUND'],
    ['a volume id that is an option', { volumeId: '--config' }, 'NOT_FOUND'],
  ] as const)('refuses %s', async (_, fields, code) => {
    await expect(stage(fields)).rejects.toMatchObject({ code: grpcStatus[code] });
  });

  it('never logs secrets', async () => {
    await stage({ secrets: { password: 'hunter2' }, volumeContext: { token: 'hunter2' } });
    expect(logged.length).toBeGreaterThan(0);
    expect(JSON.stringify(logged)).not.toContain('hunter2');
  });
});

describe('publishing', () => {
  it('binds the staged volume for two pods, and takes them away again (trap 65)', async () => {
    await stage();
    await publish();
    await publish();
    await publish({ targetPath: path('pods/2/mount') });
    expect(machine.state.mounts.map((mount) => mount.target)).toEqual([
      path('staging'),
      path('pods/1/mount'),
      path('pods/2/mount'),
    ]);
    await unpublish();
    expect(existsSync(path('pods/1/mount'))).toBe(false);
    await unpublish();
    expect(machine.state.mounts).toHaveLength(2);
  });

  it('refuses when nothing is staged, so that no pod writes to the disk of the node (trap 61)', async () => {
    await expect(publish()).rejects.toMatchObject({ code: grpcStatus.FAILED_PRECONDITION });
    expect(machine.state.mounts).toEqual([]);
  });

  it('finishes a read-only bind that was cut short', async () => {
    await stage();
    machine.state.faults.push({ match: 'remount,bind,ro', how: 'fail-before' });
    await expect(publish({ readonly: true })).rejects.toMatchObject({ code: grpcStatus.INTERNAL });
    await publish({ readonly: true });
    expect(machine.state.mounts[1]?.options).toContain('ro');
  });

  it('publishes a raw block volume as a file and removes the file (trap 63)', async () => {
    await stage({ volumeCapability: BLOCK });
    await publish({ volumeCapability: BLOCK });
    expect(countMkfs()).toBe(0);
    expect(statSync(path('pods/1/mount')).isFile()).toBe(true);
    await unpublish();
    expect(existsSync(path('pods/1/mount'))).toBe(false);
  });

  it('never calls it success when the path is busy (trap 59)', async () => {
    await stage();
    await publish();
    machine.state.faults.push({ match: 'umount', how: 'fail-before', exitCode: 32, stderr: 'umount: target is busy.' });
    await expect(unpublish()).rejects.toMatchObject({ code: grpcStatus.FAILED_PRECONDITION });
    expect(existsSync(path('pods/1/mount'))).toBe(true);
  });

  it('unmounts what was mounted twice at one path (trap 60)', async () => {
    await stage();
    await publish();
    machine.state.mounts.push({ ...(machine.state.mounts[1] as (typeof machine.state.mounts)[0]) });
    machine.sync();
    await unpublish();
    expect(machine.state.mounts).toHaveLength(1);
  });

  it('removes no directory that has something in it', async () => {
    await mkdir(path('pods/1/mount'), { recursive: true });
    writeFileSync(path('pods/1/mount/data'), 'precious');
    await expect(unpublish()).rejects.toThrow('ENOTEMPTY');
    expect(existsSync(path('pods/1/mount/data'))).toBe(true);
  });
});

describe('statistics', () => {
  const stats = (fields: object = {}) =>
    call('node', 'NodeGetVolumeStats', { volumeId: VOLUME, volumePath: path('pods/1/mount'), ...fields });
  const sysfs = async (folder: string, files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(directory, 'sys', folder, name)), { recursive: true });
      writeFileSync(join(directory, 'sys', folder, name), `${text}\n`);
    }
  };
  const WELL = { abnormal: false, message: 'the volume answers' };

  it('tell size, use and inodes, and NotFound where the volume is not (trap 67)', async () => {
    await expect(stats()).rejects.toMatchObject({ code: grpcStatus.NOT_FOUND });
    await stage();
    await publish();
    expect(await stats()).toEqual({
      usage: [
        { total: '4096000', available: '2457600', used: '1228800', unit: 'BYTES' },
        { total: '512', available: '500', used: '12', unit: 'INODES' },
      ],
      volumeCondition: WELL,
    });
    await expect(stats({ volumeId: 'pvc-other' })).rejects.toMatchObject({ code: grpcStatus.NOT_FOUND });
  });

  it('call a volume on a dead disk abnormal, and never hang on it (trap 67)', async () => {
    await sysfs('dev/block/253:0', { size: '819200' });
    await stage();
    await publish();
    machine.state.faults.push({ match: 'stat -f', how: 'hang' });
    expect(await stats()).toMatchObject({
      usage: [{ total: String(400 * MIB), unit: 'BYTES' }],
      volumeCondition: { abnormal: true, message: expect.stringContaining('does not answer') },
    });
    const failure = { exitCode: 1, stderr: 'stat: Input/output error' } as const;
    machine.state.faults.push({ match: 'stat -f', how: 'fail-before', ...failure });
    expect(await stats()).toMatchObject({
      volumeCondition: { abnormal: true, message: expect.stringContaining('Input/output error') },
    });
    expect(await stats()).toMatchObject({ volumeCondition: WELL });
  });

  it('call a file system abnormal that the kernel has made read-only', async () => {
    await stage();
    await publish({ readonly: true });
    expect(await stats()).toMatchObject({ volumeCondition: WELL });
    for (const mount of machine.state.mounts) mount.frozen = true;
    machine.sync();
    expect(await stats()).toMatchObject({
      volumeCondition: { abnormal: true, message: expect.stringContaining('read-only after errors') },
    });
  });

  it('pass on what LVM said of the volume last, without asking LVM', async () => {
    volume().health = 'partial';
    await stage();
    await publish();
    const reports = machine.state.commands.filter((line) => line.startsWith('lvm')).length;
    expect(await stats()).toMatchObject({
      volumeCondition: { abnormal: true, message: expect.stringContaining('LVM says "partial"') },
    });
    expect(machine.state.commands.filter((line) => line.startsWith('lvm'))).toHaveLength(reports);
  });

  it('of a raw block volume are its size, and whether its disk answers', async () => {
    await sysfs('class/block/dm-0', { size: '819200', 'dm/name': `csi--vg--nvme-${VOLUME.replaceAll('-', '--')}` });
    await publish({ volumeCapability: BLOCK });
    expect(await stats()).toMatchObject({
      usage: [{ total: String(400 * MIB), unit: 'BYTES' }],
      volumeCondition: WELL,
    });
    machine.state.faults.push({ match: 'dd if=', how: 'hang' });
    expect(await stats()).toMatchObject({ volumeCondition: { abnormal: true } });
    await expect(stats({ volumeId: 'pvc-other' })).rejects.toMatchObject({ code: grpcStatus.NOT_FOUND });
  });
});

describe('growth', () => {
  const expand = (requiredBytes: number, fields: object = {}) =>
    call('node', 'NodeExpandVolume', {
      volumeId: VOLUME,
      volumePath: path('pods/1/mount'),
      capacityRange: { requiredBytes },
      ...fields,
    });
  const grown = () => machine.state.commands.filter((line) => /^(xfs_growfs|resize2fs) /.test(line));

  it('grows the file system once the volume has grown, and waits for it before (trap 64)', async () => {
    await stage();
    await publish();
    await expect(expand(800 * MIB)).rejects.toMatchObject({ code: grpcStatus.UNAVAILABLE });
    volume().extents = 200;
    expect(await expand(800 * MIB)).toEqual({ capacityBytes: String(800 * MIB) });
    expect(await expand(800 * MIB)).toEqual({ capacityBytes: String(800 * MIB) });
    expect(grown()).toHaveLength(2);
  });

  it('grows where the file system can be written, although the pod has it read-only', async () => {
    await stage();
    await publish({ readonly: true });
    await expand(MIB);
    expect(grown()).toEqual([`xfs_growfs ${path('staging')}`]);
  });

  it('grows ext4 by its device', async () => {
    await stage({ volumeCapability: capability('ext4') });
    await publish({ volumeCapability: capability('ext4') });
    await expand(MIB);
    expect(grown()).toEqual([`resize2fs /dev/csi-vg-nvme/${VOLUME}`]);
  });

  it('has nothing to grow on a raw block volume, wherever it is (trap 64)', async () => {
    const capacityBytes = String(400 * MIB);
    expect(await expand(MIB, { volumeCapability: BLOCK })).toEqual({ capacityBytes });
    await publish({ volumeCapability: BLOCK });
    expect(await expand(MIB)).toEqual({ capacityBytes });
    expect(grown()).toEqual([]);
  });

  it('answers NotFound for a path where no volume is', async () => {
    await expect(expand(MIB)).rejects.toMatchObject({ code: grpcStatus.NOT_FOUND });
  });
});
