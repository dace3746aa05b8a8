import { describe, expect, it } from 'vitest';
import { lvmError } from './lvm-error.ts';

describe('an LVM failure', () => {
  const code = (exitCode: number, stderr: string) => lvmError('x', { exitCode, stdout: '', stderr }).code;

  it.each([
    ['  Failed to find logical volume "csi-vg-nvme/nope"', 'NotFound'],
    ['  Volume group "nogroup" not found\n  Cannot process volume group nogroup', 'NotFound'],
    ['  Logical Volume "pvc-1" already exists in volume group "csi-vg-nvme"', 'AlreadyExists'],
    ['  Volume group "csi-vg-nvme" has insufficient free space (39 extents): 1000 required.', 'OutOfCapacity'],
    ['  Logical volume csi-vg-nvme/pvc-1 contains a filesystem in use.', 'FailedPrecondition'],
    ['  No extents available for allocation.', 'OutOfCapacity'],
    ["  Can't remove locked logical volume csi-vg-nvme/pvc-1.", 'FailedPrecondition'],
    ['  Something else', 'Internal'],
  ])('reads %s', (stderr, expected) => {
    expect(code(5, stderr)).toBe(expected);
  });

  it('is not "not found" by text alone (trap 41)', () => {
    expect(code(3, '  Volume group "x" not found')).toBe('Internal');
    expect(code(5, '  WARNING: Device for PV abc not found or rejected by a filter.\n  Other trouble')).toBe(
      'Internal',
    );
  });
});
