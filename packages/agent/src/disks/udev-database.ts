import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** udev writes one file for each block device, named by its number, at the end of each event's rules. */
const DEVICE_FILE = /^b(\d+:\d+)$/;

/** Where udev keeps what it knows of devices. */
export const databaseOf = (udevDir: string): string => join(udevDir, 'data');

/** The number `major:minor` of the block device that a file in the database is about; undefined when it is about none. */
export const deviceNumberOf = (file: string): string | undefined => DEVICE_FILE.exec(file)?.[1];

/** Numbers of the block devices that udev has dealt with at least once; undefined where there is no database. */
export const readDeviceNumbers = async (udevDir: string): Promise<ReadonlySet<string> | undefined> => {
  const files = await readdir(databaseOf(udevDir)).catch(() => undefined);
  return files && new Set(files.flatMap((file) => deviceNumberOf(file) ?? []));
};
