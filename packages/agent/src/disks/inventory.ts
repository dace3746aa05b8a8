import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AppError } from '@berth/contract/errors';
import type { Host } from '../host/host.ts';
import { type Controller, readController } from './controller.ts';
import { type IdentifiedDisk, identifyDisks } from './identity.ts';
import { type Extras, isLookedAt, LSBLK, parseLsblk } from './lsblk.ts';
import { readDeviceNumbers } from './udev-database.ts';

const LSBLK_MS = 30_000;

export interface InventoryOptions {
  readonly host: Host;
  readonly sysDir: string;
  readonly devDir: string;
  readonly udevDir: string;
  readonly signal?: AbortSignal | undefined;
}

/** All disks of the node, with identities. */
export const readDisks = async (options: InventoryOptions): Promise<IdentifiedDisk[]> => {
  const { host, udevDir, signal } = options;
  // First of all: of a disk that udev deals with in the meantime, lsblk may not know the name that the links have later.
  const settled = await readDeviceNumbers(udevDir);
  const result = await host.run(LSBLK, { timeoutMs: LSBLK_MS, ...(signal && { signal }) });
  // Exit code 32: a device vanished while lsblk looked at it; the others are told.
  if (result.stdout.trim() === '') {
    throw new AppError('Internal', `lsblk ended with exit code ${result.exitCode}: ${result.stderr.trim()}`);
  }
  return identifyDisks(parseLsblk(result.stdout, { ...(await readExtras(options)), settled }));
};

const readExtras = async ({ sysDir, devDir }: InventoryOptions): Promise<Omit<Extras, 'settled'>> => {
  const links = new Map<string, string[]>();
  for (const folder of ['by-id', 'by-path']) {
    for (const name of await list(join(devDir, 'disk', folder))) {
      const target = await readlink(join(devDir, 'disk', folder, name)).catch(() => undefined);
      if (target === undefined) continue;
      const device = basename(target);
      links.set(device, [...(links.get(device) ?? []), `/dev/disk/${folder}/${name}`]);
    }
  }
  const rotationRates = new Map<string, number>();
  const controllers = new Map<string, Controller>();
  for (const name of (await list(join(sysDir, 'block'))).filter(isLookedAt)) {
    const page = await readFile(join(sysDir, 'block', name, 'device/vpd_pgb1')).catch(() => undefined);
    if (page !== undefined && page.length >= 6) rotationRates.set(name, page.readUInt16BE(4));
    const controller = await readController(sysDir, name);
    if (controller !== undefined) controllers.set(name, controller);
  }
  return { links, rotationRates, controllers };
};

const list = async (folder: string): Promise<string[]> => (await readdir(folder).catch(() => [])).sort();
