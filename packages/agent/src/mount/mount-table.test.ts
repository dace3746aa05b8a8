import { expect, it } from 'vitest';
import { findMountAt, findMountsOfDevice, parseMountInfo } from './mount-table.ts';

const TEXT = `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
40 35 253:1 / /var/lib/with\\040blank ro shared:7 master:2 - xfs /dev/mapper/csi--vg--nvme-pvc--1 rw
41 35 253:2 / /mnt2 rw - xfs /dev/mapper/other rw
`;

it('reads mountinfo with any number of optional fields and with escaped blanks (trap 62)', () => {
  expect(parseMountInfo(TEXT)[1]).toEqual({
    mountPoint: '/var/lib/with blank',
    device: '253:1',
    root: '/',
    fsType: 'xfs',
    source: '/dev/mapper/csi--vg--nvme-pvc--1',
    options: ['ro'],
    superOptions: ['rw'],
  });
});

it('sees the upper of two mounts at one path', () => {
  expect(findMountAt(parseMountInfo(TEXT), '/mnt2')?.device).toBe('253:2');
  expect(findMountAt(parseMountInfo(TEXT), '/mnt')).toBeUndefined();
  expect(findMountsOfDevice(parseMountInfo(TEXT), '253:1')).toHaveLength(1);
});
