import { expect, it } from 'vitest';
import { isVolumeOf } from './stats.ts';

it.each([
  ['/dev/mapper/csi--vg--nvme-pvc--1', true],
  ['/dev/csi-vg-hdd/pvc-1', true],
  ['/dev/mapper/csi--vg--nvme-pvc--11', false],
  ['/dev/mapper/other-pvc--1', false],
  ['/dev/sda1', false],
])('knows the device of a volume by its name, dashes doubled: %s (trap 33)', (source, expected) => {
  expect(isVolumeOf(source, 'pvc-1')).toBe(expected);
});
