import { readdirSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Mount {
  readonly mountPoint: string;
  /** `major:minor` of the device the file system is on. */
  readonly device: string;
  /** Path within the file system that is mounted here. */
  readonly root: string;
  readonly fsType: string;
  readonly source: string;
  /** Options of this mount, for example `ro`. */
  readonly options: readonly string[];
  /** Options of the file system itself, the same for all its mounts. */
  readonly superOptions: readonly string[];
}

/** Lines of /proc/PID/mountinfo, as proc(5) describes them. */
export const parseMountInfo = (text: string): Mount[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .flatMap(parseLine);

/** Mounts as process 1 sees them: the host's. */
export const readHostMounts = async (procDir: string): Promise<Mount[]> =>
  parseMountInfo(await readFile(join(procDir, '1/mountinfo'), 'utf8'));

/**
 * Mounts of every mount namespace, read once for all processes in it: most share the host's. A process that ends meanwhile is
 * passed over, and one whose namespace is not told is read for itself.
 */
export const readAllMounts = async (procDir: string): Promise<Mount[]> => {
  const seen = new Set<string>();
  const mounts: Mount[] = [];
  for (const pid of readdirSync(procDir).filter((name) => /^\d+$/.test(name))) {
    const namespace = namespaceOf(procDir, pid) ?? pid;
    if (seen.has(namespace)) continue;
    const text = await readFile(join(procDir, pid, 'mountinfo'), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    seen.add(namespace);
    mounts.push(...parseMountInfo(text));
  }
  return mounts;
};

/** Not asynchronous: the kernel answers from memory, and hundreds of promises would take longer than all the answers. */
const namespaceOf = (procDir: string, pid: string): string | undefined => {
  try {
    return readlinkSync(join(procDir, pid, 'ns/mnt'));
  } catch {
    return undefined;
  }
};

export const findMountsOfDevice = (mounts: readonly Mount[], device: string): Mount[] =>
  mounts.filter((mount) => mount.device === device);

/** The mount one sees at a path: the last one made there. */
export const findMountAt = (mounts: readonly Mount[], path: string): Mount | undefined =>
  mounts.findLast((mount) => mount.mountPoint === path);

const parseLine = (line: string): Mount[] => {
  const [left = '', right = ''] = line.split(' - ');
  const [, , device, root, mountPoint, options] = left.split(' ');
  const [fsType = '', source = '', superOptions = ''] = right.split(' ');
  if (device === undefined || root === undefined || mountPoint === undefined || options === undefined) return [];
  return [
    {
      mountPoint: decodeOctal(mountPoint),
      device,
      root: decodeOctal(root),
      fsType,
      source: decodeOctal(source),
      options: options.split(','),
      superOptions: superOptions.split(','),
    },
  ];
};

/** Blanks and backslashes are written as three octal digits. */
const decodeOctal = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
