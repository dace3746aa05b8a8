import { readFile, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** The PCI device that a disk hangs on, as the kernel tells of it. */
export interface Controller {
  /** Name of the kernel's driver, for example `megaraid_sas`. */
  readonly driver?: string;
  /** Class code as in sysfs, for example `0x010400`. */
  readonly pciClass?: string;
}

/** Domain, bus, device and function; domains behind some bridges have five digits. */
const PCI_ADDRESS = /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/;

/** The nearest PCI device above a block device; undefined when there is none. */
export const readController = async (sysDir: string, name: string): Promise<Controller | undefined> => {
  let folder = await realpath(join(sysDir, 'block', name)).catch(() => '/');
  while (folder !== '/' && !PCI_ADDRESS.test(basename(folder))) folder = dirname(folder);
  if (folder === '/') return undefined;
  const driver = await readlink(join(folder, 'driver')).catch(() => undefined);
  const pciClass = await readFile(join(folder, 'class'), 'utf8').catch(() => undefined);
  return {
    ...(driver !== undefined && { driver: basename(driver) }),
    ...(pciClass !== undefined && { pciClass: pciClass.trim() }),
  };
};

/** PCI Code and ID Assignment Specification 1.11: base class 01h, sub-class 04h. */
const RAID_CLASS = /^0x0104/;

/** Linux 6.12's drivers of controllers that show volumes of their own instead of disks, also where their class is another. */
const RAID_DRIVERS = new Set([
  ...['3w-9xxx', '3w-sas', 'aacraid', 'arcmsr', 'hpsa', 'hptiop', 'ips', 'megaraid_mbox', 'megaraid_sas', 'mvumi'],
  ...['myrb', 'myrs', 'smartpqi', 'stex'],
]);

export const isRaid = ({ driver = '', pciClass = '' }: Controller): boolean =>
  RAID_CLASS.test(pciClass) || RAID_DRIVERS.has(driver);
