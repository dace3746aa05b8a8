import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawner } from '@berth/runtime/spawn';
import { describe, expect, it } from 'vitest';
import { createHost, findMissingPrograms } from '../host/host.ts';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { checkFilesystem } from './filesystem-check.ts';
import { createMounter } from './mounter.ts';

const host = createHost({ spawner, prefix: [] });
const mounter = createMounter({ host, procDir: '/proc' });
const run = async (...argv: [string, ...string[]]) => (await host.run(argv, { timeoutMs: 60_000 })).exitCode;

/** A file with an ext4 file system that the kernel would have marked as damaged. */
const damaged = async (...requests: string[]): Promise<string> => {
  const file = join(await temporaryDirectory(), 'device');
  await writeFile(file, '');
  await truncate(file, 64 * 1024 ** 2);
  await run('mkfs.ext4', '-q', file);
  for (const request of ['set_super_value state 2', ...requests]) await run('debugfs', '-w', '-R', request, file);
  return file;
};
const check = (device: string, flags: string[] = []) =>
  checkFilesystem({ host, mounter }, { volume: 'pvc-1', device, deviceNumber: '0:0', fsType: 'ext4', flags });

const missing = await findMissingPrograms(host, ['mkfs.ext4', 'e2fsck', 'debugfs']);
if (missing.length > 0) console.warn(`real file systems are not tried: ${missing.join('; ')}`);

describe.skipIf(missing.length > 0)('the real e2fsck, on a file', () => {
  it('repairs what it may without asking', async () => {
    const device = await damaged('set_super_value free_blocks_count 5', 'set_block_group 0 free_inodes_count 3');
    expect(await run('e2fsck', '-f', '-n', device)).toBe(4);
    await check(device);
    expect(await run('e2fsck', '-f', '-n', device)).toBe(0);
    await check(device);
  });

  it('leaves a file system without a root directory as it is, and says what to run by hand', async () => {
    const device = await damaged('clri <2>');
    const refused = {
      code: 'FailedPrecondition',
      message: expect.stringContaining(`run e2fsck ${device} on the node`),
    };
    await expect(check(device)).rejects.toMatchObject(refused);
    await expect(check(device)).rejects.toMatchObject(refused);
  });

  it('is not asked before a mount that is to be read-only', async () => {
    const device = await damaged('clri <2>');
    await check(device, ['noatime,ro']);
    await expect(check(device, ['ro', 'rw'])).rejects.toMatchObject({ code: 'FailedPrecondition' });
  });

  it('tells of a device that it can not read', async () => {
    await expect(check('/nowhere')).rejects.toMatchObject({
      ...{ code: 'Internal', message: expect.stringContaining('e2fsck -p /nowhere failed with exit code 8') },
    });
  });
});
