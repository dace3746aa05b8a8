import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { isRaid, readController } from './controller.ts';

const HOST = 'devices/pci0000:00/0000:00:1f.2';

/** A sysfs with one disk at this place below a PCI device. */
const sysfsWith = async (name: string, place: string) => {
  const sys = await temporaryDirectory();
  await mkdir(join(sys, place, 'block', name), { recursive: true });
  await mkdir(join(sys, 'block'));
  await symlink(join('..', place, 'block', name), join(sys, 'block', name));
  return sys;
};

it('is the nearest PCI device above the disk', async () => {
  const sys = await sysfsWith('sda', `${HOST}/host0/target0:0:0/0:0:0:0`);
  await writeFile(join(sys, HOST, 'class'), '0x010400\n');
  await mkdir(join(sys, 'bus/pci/drivers/megaraid_sas'), { recursive: true });
  await symlink('../../../bus/pci/drivers/megaraid_sas', join(sys, HOST, 'driver'));
  expect(await readController(sys, 'sda')).toEqual({ driver: 'megaraid_sas', pciClass: '0x010400' });
});

it('is the disk itself where that is a PCI device, also behind a bridge with a domain of its own', async () => {
  const sys = await sysfsWith('nvme0n1', 'devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e1:00.0/nvme/nvme0');
  await writeFile(join(sys, 'devices/pci0000:00/0000:00:0e.0/class'), '0x010400\n');
  await writeFile(join(sys, 'devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e1:00.0/class'), '0x010802\n');
  expect(await readController(sys, 'nvme0n1')).toEqual({ pciClass: '0x010802' });
});

it('is not known where no PCI device is above the disk, or no such disk', async () => {
  const sys = await sysfsWith('vda', 'devices/virtio-mmio/virtio0');
  expect(await readController(sys, 'vda')).toBeUndefined();
  expect(await readController(sys, 'sdz')).toBeUndefined();
});

it.each([
  [{ pciClass: '0x010400', driver: 'vendor_new' }, true],
  [{ pciClass: '0x010700', driver: 'aacraid' }, true],
  [{ pciClass: '0x010700', driver: 'mpt3sas' }, false],
  [{ pciClass: '0x010601', driver: 'ahci' }, false],
  [{}, false],
])('%o is a RAID controller: %s', (controller, expected) => {
  expect(isRaid(controller)).toBe(expected);
});
