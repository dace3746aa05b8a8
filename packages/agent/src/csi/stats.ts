import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AppError, hasCode } from '@berth/contract/errors';
import { checkVolumeId, checkVolumePath } from '@berth/csi/validate';
import type { Host } from '../host/host.ts';
import type { Lvm } from '../lvm/command.ts';
import { findVolume } from '../lvm/logical-volume.ts';
import { findMountAt, findMountsOfDevice, type Mount } from '../mount/mount-table.ts';
import type { Mounter } from '../mount/mounter.ts';
import type { StatsRequest, VolumeCondition, VolumeUsage } from './messages.ts';

export interface StatsTools {
  readonly host: Host;
  readonly lvm: Pick<Lvm, 'lastReport'>;
  readonly mounter: Pick<Mounter, 'mounts'>;
  readonly sysDir: string;
}

export interface VolumeStats {
  readonly usage: readonly VolumeUsage[];
  readonly volumeCondition: VolumeCondition;
}

/** A dead disk keeps a read of it waiting for ever, so it is read by a child process that is given up on. */
const STATS_MS = 10_000;
const SECTOR_BYTES = 512;

/**
 * Size, use and inodes of a mounted volume, of a raw block volume only the size, and whether it is well. A dead disk is an answer
 * too: abnormal, with the size that the kernel remembers. Throws NotFound when the volume is not at that path.
 */
export const readStats = async (
  tools: StatsTools,
  request: StatsRequest,
  signal: AbortSignal,
): Promise<VolumeStats> => {
  const name = checkVolumeId(request.volumeId);
  const path = checkVolumePath(request.volumePath);
  const mounts = await tools.mounter.mounts();
  const mount = findMountAt(mounts, path);
  if (mount === undefined) throw new AppError('NotFound', `no volume is mounted at ${path}`);
  const isBlock = isBlockDevice(mount);
  const { source, sizeBytes } = await describeDevice(tools.sysDir, mount);
  if (!isVolumeOf(source, name)) throw new AppError('NotFound', `${path} holds ${source}, not the volume ${name}`);

  const total: VolumeUsage[] = sizeBytes === undefined ? [] : [{ total: sizeBytes, unit: 'BYTES' }];
  try {
    const usage = isBlock
      ? await readBlock(tools.host, path, signal).then(() => total)
      : await readUsage(tools.host, path, signal);
    return { usage, volumeCondition: conditionOf(findTrouble(tools.lvm, name, mount, mounts)) };
  } catch (thrown) {
    if (signal.aborted || !(hasCode(thrown, 'Timeout') || hasCode(thrown, 'Internal'))) throw thrown;
    const { message } = thrown as AppError;
    return { usage: total, volumeCondition: conditionOf(`the volume at ${path} does not answer: ${message}`) };
  }
};

const readUsage = async (host: Host, path: string, signal: AbortSignal): Promise<VolumeUsage[]> =>
  parseStat(await read(host, ['stat', '-f', '-c', '%S %b %a %f %c %d', path], signal));

/** Proves that the disk answers; past the page cache, which does even when the disk is gone. */
const readBlock = (host: Host, path: string, signal: AbortSignal): Promise<string> =>
  read(host, ['dd', `if=${path}`, 'of=/dev/null', 'bs=4096', 'count=1', 'iflag=direct'], signal);

const read = async (host: Host, argv: readonly [string, ...string[]], signal: AbortSignal): Promise<string> => {
  const result = await host.run(argv, { timeoutMs: STATS_MS, signal });
  if (result.exitCode === 0) return result.stdout;
  throw new AppError('Internal', `${argv[0]} ended with exit code ${result.exitCode}: ${result.stderr.trim()}`);
};

/** The line of `stat -f -c '%S %b %a %f %c %d'`: block size, blocks, available, free; inodes, free inodes. */
const parseStat = (line: string): VolumeUsage[] => {
  const [block = 0, blocks = 0, available = 0, free = 0, inodes = 0, freeInodes = 0] = line
    .trim()
    .split(' ')
    .map(Number);
  return [
    { total: blocks * block, available: available * block, used: (blocks - free) * block, unit: 'BYTES' },
    { total: inodes, available: freeInodes, used: inodes - freeInodes, unit: 'INODES' },
  ];
};

/** What is wrong with a volume that answers, as a sentence. */
const findTrouble = (
  lvm: Pick<Lvm, 'lastReport'>,
  name: string,
  mount: Mount,
  mounts: readonly Mount[],
): string | undefined => {
  const isWritable = findMountsOfDevice(mounts, mount.device).some(({ options }) => !options.includes('ro'));
  if (!isBlockDevice(mount) && isWritable && mount.superOptions.includes('ro')) {
    return "the kernel has made the file system read-only after errors; the kernel's log says more";
  }
  const report = lvm.lastReport();
  const volume = report && findVolume(report, name);
  if (!volume?.health) return undefined;
  const meaning = volume.isMirrored
    ? 'only one of its two copies is in use'
    : 'part of it is on a disk that is missing or failing';
  return `LVM says "${volume.health}" of the volume: ${meaning}`;
};

const conditionOf = (trouble: string | undefined): VolumeCondition => ({
  abnormal: trouble !== undefined,
  message: trouble ?? 'the volume answers',
});

/** The device behind a mount and its size in bytes, from the kernel's memory: nothing here waits for a disk. */
const describeDevice = async (
  sysDir: string,
  mount: Mount,
): Promise<{ readonly source: string; readonly sizeBytes: number | undefined }> => {
  const isBlock = isBlockDevice(mount);
  // The bind of a device file shows the file's path within /dev.
  const folder = isBlock ? join(sysDir, 'class/block', basename(mount.root)) : join(sysDir, 'dev/block', mount.device);
  const text = async (file: string) => (await readFile(join(folder, file), 'utf8').catch(() => '')).trim();
  const sectors = await text('size');
  return {
    source: isBlock ? `/dev/mapper/${await text('dm/name')}` : mount.source,
    sizeBytes: sectors === '' ? undefined : Number(sectors) * SECTOR_BYTES,
  };
};

/** Whether a mount's source is the device of this volume, in whatever group; device mapper doubles dashes in names. */
export const isVolumeOf = (source: string, name: string): boolean =>
  new RegExp(
    `^/dev/((?!mapper/)[^/]+/${literal(name)}|mapper/(?:[^/-]|--)+-${literal(name.replaceAll('-', '--'))})$`,
  ).test(source);

const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The bind of a device file shows the file system of /dev. */
const isBlockDevice = (mount: Mount): boolean => mount.fsType === 'devtmpfs';
