import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { status as grpcStatus } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { BLOCK, useCsi, VOLUME } from '../testing/csi-harness.ts';
import { isVolumeOf } from './stats.ts';

const MIB = 1024 ** 2;
const csi = useCsi();
const { call, path, stage, publish, volume } = csi;

describe('statistics', () => {
  const stats = (fields: object = {}) =>
    call('node', 'NodeGetVolumeStats', { volumeId: VOLUME, volumePath: path('pods/1/mount'), ...fields });
  const sysfs = async (folder: string, files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(csi.directory, 'sys', folder, name)), { recursive: true });
      writeFileSync(join(csi.directory, 'sys', folder, name), `${text}\n`);
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
    await expect(stats({ volumePath: 'pods/1/mount' })).rejects.toMatchObject({ code: grpcStatus.NOT_FOUND });
    await expect(stats({ volumePath: '' })).rejects.toMatchObject({ code: grpcStatus.INVALID_ARGUMENT });
  });

  it('call a volume on a dead disk abnormal, and never hang on it (trap 67)', async () => {
    await sysfs('dev/block/253:0', { size: '819200' });
    await stage();
    await publish();
    csi.machine.state.faults.push({ match: 'stat -f', how: 'hang' });
    expect(await stats()).toMatchObject({
      usage: [{ total: String(400 * MIB), unit: 'BYTES' }],
      volumeCondition: { abnormal: true, message: expect.stringContaining('does not answer') },
    });
    const failure = { exitCode: 1, stderr: 'stat: Input/output error' } as const;
    csi.machine.state.faults.push({ match: 'stat -f', how: 'fail-before', ...failure });
    expect(await stats()).toMatchObject({
      volumeCondition: { abnormal: true, message: expect.stringContaining('Input/output error') },
    });
    expect(await stats()).toMatchObject({ volumeCondition: WELL });
  });

  it('call a file system abnormal that the kernel has made read-only', async () => {
    await stage();
    await publish({ readonly: true });
    expect(await stats()).toMatchObject({ volumeCondition: WELL });
    for (const mount of csi.machine.state.mounts) mount.frozen = true;
    csi.machine.sync();
    expect(await stats()).toMatchObject({
      volumeCondition: { abnormal: true, message: expect.stringContaining('read-only after errors') },
    });
  });

  it('pass on what LVM said of the volume last, without asking LVM', async () => {
    volume().health = 'partial';
    await stage();
    await publish();
    const reports = csi.machine.state.commands.filter((line) => line.startsWith('lvm')).length;
    expect(await stats()).toMatchObject({
      volumeCondition: { abnormal: true, message: expect.stringContaining('LVM says "partial"') },
    });
    expect(csi.machine.state.commands.filter((line) => line.startsWith('lvm'))).toHaveLength(reports);
  });

  it('say of a volume with two copies that one is out of use, which loses nothing', async () => {
    Object.assign(volume(), { health: 'partial', layout: 'raid,raid1' });
    await stage();
    await publish();
    expect(await stats()).toMatchObject({
      volumeCondition: {
        ...{ abnormal: true, message: expect.stringContaining('only one of its two copies is in use') },
      },
    });
  });

  it('of a raw block volume are its size, and whether its disk answers', async () => {
    await sysfs('class/block/dm-0', { size: '819200', 'dm/name': `csi--vg--nvme-${VOLUME.replaceAll('-', '--')}` });
    await publish({ volumeCapability: BLOCK });
    expect(await stats()).toMatchObject({
      usage: [{ total: String(400 * MIB), unit: 'BYTES' }],
      volumeCondition: WELL,
    });
    csi.machine.state.faults.push({ match: 'dd if=', how: 'hang' });
    expect(await stats()).toMatchObject({ volumeCondition: { abnormal: true } });
    await expect(stats({ volumeId: 'pvc-other' })).rejects.toMatchObject({ code: grpcStatus.NOT_FOUND });
  });
});

it.each([
  ['/dev/mapper/csi--vg--nvme-pvc--1', true],
  ['/dev/csi-vg-hdd/pvc-1', true],
  ['/dev/mapper/csi--vg--nvme-pvc--11', false],
  ['/dev/mapper/vg--fast-pvc--1', true],
  ['/dev/vg-fast/pvc-1', true],
  ['/dev/mapper/vg--fast--pvc--1', false],
  ['/dev/mapper/vg-other-pvc--1', false],
  ['/dev/sda1', false],
])('knows the device of a volume by its name, dashes doubled: %s (trap 33)', (source, expected) => {
  expect(isVolumeOf(source, 'pvc-1')).toBe(expected);
});
