import { open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FsType } from '@berth/contract/volume-request';
import { spawner } from '@berth/runtime/spawn';
import { describe, expect, it } from 'vitest';
import { probeContent } from '../disks/content-probe.ts';
import { createHost, findMissingPrograms } from '../host/host.ts';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { mkfsCommand, prepareFilesystem } from './filesystem.ts';
import { filesystemUuid } from './filesystem-uuid.ts';

const SIZE = 320 * 1024 ** 2;
const UID = '0b0e7a34-52b5-4c0f-9a52-0d2f4e5b6c71';
const host = createHost({ spawner, prefix: [] });

const blankFile = async (): Promise<string> => {
  const file = join(await temporaryDirectory(), 'device');
  await writeFile(file, '');
  await truncate(file, SIZE);
  return file;
};
const prepare = (device: string, fsType: FsType, isNew: boolean, mkfsOptions: readonly string[] = []) =>
  prepareFilesystem(host, { volume: `pvc-${UID}`, device, sizeBytes: SIZE, fsType, isNew, mkfsOptions });
const probe = (path: string) => probeContent(host, { path, sizeBytes: SIZE });

it('the UUID of a file system is that of the claim, and for other names always the same', () => {
  expect(filesystemUuid(`pvc-${UID}`)).toBe(UID);
  expect(filesystemUuid('some-volume')).toBe(filesystemUuid('some-volume'));
  expect(filesystemUuid('some-volume')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
});

const programs = ['mkfs.xfs', 'mkfs.ext4', 'blkid', 'wipefs', 'xfs_db', 'e2fsck', 'dumpe2fs'];
const missing = await findMissingPrograms(host, programs);
if (missing.length > 0) console.warn(`real file systems are not tried: ${missing.join('; ')}`);

describe.skipIf(missing.length > 0)('with the real programs, on a file', () => {
  it.each(['xfs', 'ext4'] as const)('makes %s once, and takes its own work for its own afterwards', async (fsType) => {
    const device = await blankFile();
    expect(await probe(device)).toEqual({ kind: 'blank' });
    await prepare(device, fsType, true);
    expect(await probe(device)).toMatchObject({ kind: 'signatures', found: fsType });
    await prepare(device, fsType, true);
    await prepare(device, fsType, false);
    await expect(prepare(device, fsType === 'xfs' ? 'ext4' : 'xfs', false)).rejects.toThrow('not formatted again');
  });

  it('makes an interrupted mkfs.xfs again, and refuses one that is not ours', async () => {
    const device = await blankFile();
    await prepare(device, 'xfs', true);
    // sb_inprogress is the byte at offset 126 of the superblock (xfs_dsb).
    const file = await open(device, 'r+');
    await file.write(Buffer.from([1]), 0, 1, 126);
    await file.close();
    await prepare(device, 'xfs', true);
    await prepare(device, 'xfs', false);

    const foreign = await blankFile();
    const uuid = '99999999-52b5-4c0f-9a52-0d2f4e5b6c71';
    const command = mkfsCommand({ fsType: 'xfs', device: foreign, uuid, overwrite: false, mkfsOptions: [] });
    await host.run(command, { timeoutMs: 60_000 });
    await expect(prepare(foreign, 'xfs', true)).rejects.toThrow('is not ours');
  });

  it.each([
    [
      'xfs',
      ['-m', 'reflink=0', '-m', 'crc=1', '-isize=1024', '-K'],
      ['xfs_db', '-r', '-c', 'version', '-c', 'sb 0', '-c', 'p inodesize'],
    ],
    ['ext4', ['-m', '2', '-I', '1024', '-O', '^metadata_csum'], ['dumpe2fs', '-h']],
  ] as const)(
    'gives mkfs for %s the options of the class, and its own UUID beside them',
    async (fsType, options, show) => {
      const device = await blankFile();
      await prepare(device, fsType, true, options);
      expect(await probe(device)).toMatchObject({ found: fsType, fields: { UUID: UID } });
      const { stdout } = await host.run([...show, device], { timeoutMs: 60_000 });
      expect(stdout).toMatch(
        fsType === 'xfs' ? /inodesize = 1024/ : /Reserved block count: +[1-9][\s\S]*Inode size:\s+1024/,
      );
      expect(stdout).not.toMatch(/REFLINK|metadata_csum/);
      await prepare(device, fsType, true, options);
    },
  );

  it('notices options that make another file system before the volume is used', async () => {
    const device = await blankFile();
    const made = prepare(device, 'ext4', true, ['-O', 'none']);
    await expect(made).rejects.toMatchObject({
      code: 'FailedPrecondition',
      message: expect.stringContaining('made ext2'),
    });
    await expect(prepare(device, 'ext4', true)).rejects.toMatchObject({ code: 'FailedPrecondition' });
  });

  it('does not format a blank one without the mark, nor one that is not there or too short (traps 1, 2)', async () => {
    const device = await blankFile();
    await expect(prepare(device, 'xfs', false)).rejects.toMatchObject({ code: 'FailedPrecondition' });
    await expect(prepare(`${device}-missing`, 'xfs', true)).rejects.toMatchObject({ code: 'Unavailable' });
    await truncate(device, SIZE / 2);
    await expect(prepare(device, 'xfs', true)).rejects.toMatchObject({ code: 'Unavailable' });
    expect(await probe(device)).toMatchObject({ kind: 'unknown' });
  });
});
