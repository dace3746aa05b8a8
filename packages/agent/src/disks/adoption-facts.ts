import { constants } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findMountsOfDevice, type Mount } from '../mount/mount-table.ts';
import type { AdoptionFacts } from './adoption.ts';
import type { IdentifiedDisk } from './identity.ts';

export interface FactsOptions {
  readonly sysDir: string;
  readonly devDir: string;
  /** Mounts of all mount namespaces. */
  readonly mounts: readonly Mount[];
  /** Paths of the devices that are swapped to. */
  readonly swaps: readonly string[];
  readonly groupSectorBytes: number | undefined;
}

/** Gathers what `judgeDisk` wants to know about a disk, but for its content. Reads only; changes nothing. */
export const gatherFacts = async (disk: IdentifiedDisk, options: FactsOptions): Promise<AdoptionFacts> => {
  const { sysDir, devDir, swaps } = options;
  const { device } = disk;
  const holders = await readdir(join(sysDir, 'block', device.name, 'holders')).catch(() => []);
  const mounts = findMountsOfDevice(options.mounts, device.device);
  return {
    disk,
    holders,
    mountPoints: [...new Set([...device.mountPoints, ...mounts.map((mount) => mount.mountPoint)])],
    swap: swaps.includes(device.path),
    multipath: device.fileSystem === 'mpath_member' || device.children.some((child) => child.type === 'mpath'),
    busy: await tryExclusiveOpen(join(devDir, device.name)),
    content: undefined,
    groupSectorBytes: options.groupSectorBytes,
  };
};

/** Paths of what the kernel swaps to. */
export const readSwaps = async (procDir: string): Promise<string[]> => {
  const text = await readFile(join(procDir, 'swaps'), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => line.split(/\s/, 1));
};

/** On a block device O_EXCL fails while the kernel or another program has claimed it (open(2)). */
const tryExclusiveOpen = async (path: string): Promise<string | undefined> => {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_EXCL | constants.O_NONBLOCK);
    await handle.close();
    return undefined;
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? String(thrown);
    return code === 'EBUSY' ? 'something else has claimed it (EBUSY)' : `it can't be opened (${code})`;
  }
};
