import { expect, test } from 'vitest';
import { type Disk, type DiskSpec, placeDisk } from './disk.ts';

const nodeWith = (plugged: Disk[]) => ({ name: 'n1', plugged, diskFile: (name: string) => `/disks/${name}.raw` });
const place = (spec: DiskSpec, plugged: Disk[] = []) => placeDisk(spec, nodeWith(plugged));
const nvme: DiskSpec = { name: 'fast-1', medium: 'nvme', size: '8G' };

test('without a slot the lowest free bay of the medium is taken', () => {
  const first = place(nvme);
  expect(first.slot).toBe(0);
  expect(place({ ...nvme, name: 'fast-2' }, [first]).slot).toBe(1);
});

test('NVMe and SCSI bays are counted apart', () => {
  expect(place({ name: 'slow', medium: 'hdd', size: '8G' }, [place(nvme)]).slot).toBe(0);
});

test('a taken bay is refused', () => {
  expect(() => place({ ...nvme, name: 'fast-2', slot: 0 }, [place(nvme)])).toThrow(
    'bay 0 for nvme disk fast-2 is taken',
  );
});

test('a bay that does not exist is refused', () => {
  expect(() => place({ ...nvme, slot: 16 })).toThrow('from 0 to 15');
});

test('a second disk of the same name is refused', () => {
  expect(() => place(nvme, [place(nvme)])).toThrow('has a disk named fast-1 already');
});

test('a disk has the same serial each time it is plugged, and other disks have others', () => {
  expect(place(nvme).serial).toBe(place(nvme).serial);
  expect(place({ ...nvme, name: 'fast-2' }).serial).not.toBe(place(nvme).serial);
});

test('a serial longer than an NVMe controller can show is refused', () => {
  expect(() => place({ ...nvme, serial: 'x'.repeat(21) })).toThrow('at most 20 characters');
});
