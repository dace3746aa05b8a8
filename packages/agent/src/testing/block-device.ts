import type { BlockDevice } from '../disks/block-device.ts';

/** An ordinary blank disk with some facts changed. */
export const blockDevice = (facts: Partial<BlockDevice> = {}): BlockDevice => ({
  name: 'sda',
  path: '/dev/sda',
  device: '8:0',
  type: 'disk',
  sizeBytes: 10 * 1024 ** 3,
  sectorBytes: 512,
  rotational: false,
  readOnly: false,
  pending: false,
  removable: false,
  mountPoints: [],
  children: [],
  links: ['/dev/disk/by-id/wwn-0x5000c500a1b2c3d4'],
  ...facts,
});
