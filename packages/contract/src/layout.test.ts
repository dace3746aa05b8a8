import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeLayout, footprintOf, type Layout, LINEAR, layoutOf } from './layout.ts';

const MIB = 1024 ** 2;
const TIB = 1024 ** 4;
const EXTENT = 4 * MIB;

const layout: fc.Arbitrary<Layout> = fc.oneof(
  fc.constant(LINEAR),
  fc.constant<Layout>({ type: 'raid1' }),
  fc.integer({ min: 2, max: 8 }).map((stripes): Layout => ({ type: 'striped', stripes })),
);

describe('what a volume takes', () => {
  it('is whole extents for a linear one, on any disks', () => {
    expect(footprintOf(LINEAR, 9 * MIB, EXTENT)).toEqual({
      ...{ sizeBytes: 12 * MIB, takenBytes: 12 * MIB, disks: 1, diskBytes: 12 * MIB },
    });
  });

  it('is as many extents on each disk of a striped one', () => {
    expect(footprintOf({ type: 'striped', stripes: 3 }, 13 * MIB, EXTENT)).toEqual({
      ...{ sizeBytes: 24 * MIB, takenBytes: 24 * MIB, disks: 3, diskBytes: 8 * MIB },
    });
  });

  it('is two copies and their metadata for raid1', () => {
    expect(footprintOf({ type: 'raid1' }, 9 * MIB, EXTENT)).toEqual({
      ...{ sizeBytes: 12 * MIB, takenBytes: 32 * MIB, disks: 2, diskBytes: 16 * MIB },
    });
  });

  it('has more metadata where a bit for every 2 MiB outgrows an extent', () => {
    const extent = 128 * 1024;
    const { sizeBytes, diskBytes } = footprintOf({ type: 'raid1' }, 4 * TIB, extent);
    expect(diskBytes - sizeBytes).toBe(3 * extent);
  });

  it('is never less than was asked for, even on all disks, and at most a stripe more', () => {
    fc.assert(
      fc.property(
        layout,
        fc.integer({ min: 1, max: 2 ** 45 }),
        fc.constantFrom(EXTENT, MIB, 0),
        (each, bytes, extent) => {
          const { sizeBytes, takenBytes, disks, diskBytes } = footprintOf(each, bytes, extent);
          expect(sizeBytes).toBeGreaterThanOrEqual(bytes);
          expect(sizeBytes - bytes).toBeLessThan((extent || 1) * disks);
          expect(takenBytes).toBe(disks * diskBytes);
          expect(footprintOf(each, sizeBytes, extent).sizeBytes).toBe(sizeBytes);
        },
      ),
    );
  });
});

it('reads the layout of a LogicalVolume, linear when it says nothing', () => {
  expect(layoutOf({})).toEqual(LINEAR);
  expect(layoutOf({ layout: 'raid1' })).toEqual({ type: 'raid1' });
  expect(describeLayout(layoutOf({ layout: 'striped', stripes: 4 }))).toBe('striped over 4 disks');
});
