import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { WipePolicy } from '@berth/contract/volume-request';
import { describe, expect, it } from 'vitest';
import type { LogicalVolumeOnDisk } from '../lvm/report.ts';
import { findWipeStep } from './wipe-volume.ts';

const GIB = 1024 ** 3;
const stepOf = (wipePolicy: WipePolicy | undefined, sizeBytes: number, wiped?: string) =>
  findWipeStep(
    { spec: { ...(wipePolicy && { wipePolicy }) }, status: wiped === undefined ? {} : { wiped } } as LogicalVolume,
    { sizeBytes } as LogicalVolumeOnDisk,
  );

describe('the steps of wiping a volume', () => {
  it('begin with the proof that nobody uses it, and end at its size', () => {
    expect(stepOf('zero', 10 * GIB)).toEqual({ policy: 'zero', kind: 'prove' });
    const steps = ['0', '4Gi', '8Gi', '10Gi'].map((wiped) => stepOf('zero', 10 * GIB, wiped));
    const step = { policy: 'zero', kind: 'wipe' };
    expect(steps).toEqual([
      { ...step, fromBytes: 0, bytes: 4 * GIB },
      { ...step, fromBytes: 4 * GIB, bytes: 4 * GIB },
      { ...step, fromBytes: 8 * GIB, bytes: 2 * GIB },
      undefined,
    ]);
  });

  it('are longer where a disk is only told', () => {
    expect(stepOf('discard', 300 * GIB, '0')).toMatchObject({ bytes: 256 * GIB });
  });

  it('are none unless they are asked for, also when they were before', () => {
    expect(stepOf(undefined, GIB)).toBeUndefined();
    expect(stepOf('none', 10 * GIB, '4Gi')).toBeUndefined();
  });
});
