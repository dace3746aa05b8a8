import { AppError } from '@berth/contract/errors';
import type { Mount } from '../mount/mount-table.ts';
import type { StatsRequest, VolumeUsage } from './messages.ts';
import type { VolumeTools } from './stage.ts';
import { checkPath, checkVolumeId } from './validate.ts';

/** A dead disk keeps statfs(2) waiting for ever, so it runs in a child process that is given up on. */
const STATS_MS = 10_000;

/** Size, use and inodes of a mounted volume; of a raw block volume only the size. NotFound when it is not at that path. */
export const readStats = async (
  { host, mounter }: Pick<VolumeTools, 'host' | 'mounter'>,
  request: StatsRequest,
  signal: AbortSignal,
): Promise<{ usage: VolumeUsage[] }> => {
  const name = checkVolumeId(request.volumeId);
  const path = checkPath(request.volumePath, 'volume_path');
  const mount = await mounter.mountAt(path);
  if (mount === undefined) throw new AppError('NotFound', `no volume is mounted at ${path}`);
  if (isBlockDevice(mount)) {
    const size = await host.run(['blockdev', '--getsize64', path], { timeoutMs: STATS_MS, signal });
    return { usage: [{ total: Number(size.stdout.trim()), unit: 'BYTES' }] };
  }
  if (!isVolumeOf(mount.source, name)) {
    throw new AppError('NotFound', `${path} holds ${mount.source}, not the volume ${name}`);
  }
  const result = await host.run(['stat', '-f', '-c', '%S %b %a %f %c %d', path], { timeoutMs: STATS_MS, signal });
  if (result.exitCode !== 0) {
    throw new AppError('Internal', `the use of ${path} can't be read: ${result.stderr.trim()}`);
  }
  return { usage: parseStat(result.stdout) };
};

/** The line of `stat -f -c '%S %b %a %f %c %d'`: block size, blocks, available, free; inodes, free inodes. */
export const parseStat = (line: string): VolumeUsage[] => {
  const [block = 0, blocks = 0, available = 0, free = 0, inodes = 0, freeInodes = 0] = line
    .trim()
    .split(' ')
    .map(Number);
  return [
    { total: blocks * block, available: available * block, used: (blocks - free) * block, unit: 'BYTES' },
    { total: inodes, available: freeInodes, used: inodes - freeInodes, unit: 'INODES' },
  ];
};

/** Whether a mount's source is the device of this volume in one of our groups; device mapper doubles dashes in names. */
export const isVolumeOf = (source: string, name: string): boolean =>
  new RegExp(
    `^/dev/(csi-vg-[a-z]+/${literal(name)}|mapper/csi--vg--[a-z]+-${literal(name.replaceAll('-', '--'))})$`,
  ).test(source);

const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The bind of a device file shows the file system of /dev. */
const isBlockDevice = (mount: Mount): boolean => mount.fsType === 'devtmpfs';
