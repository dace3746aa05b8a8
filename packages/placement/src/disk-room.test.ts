import { type Footprint, footprintOf, type Layout, LINEAR } from '@berth/contract/layout';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findCrowded } from './disk-room.ts';

/** In these tests a disk has a few extents of this size, so that raid1's metadata is one extent. */
const EXTENT = 4 * 1024 ** 2;
const RAID1: Layout = { type: 'raid1' };
const striped = (stripes: number): Layout => ({ type: 'striped', stripes });
const volume = (layout: Layout, extents: number) => footprintOf(layout, extents * EXTENT, EXTENT);
const extents = (...counts: number[]) => counts.map((count) => count * EXTENT);
const fits = (free: readonly number[], ...volumes: Footprint[]) =>
  findCrowded(extents(...free), volumes, EXTENT) === undefined;

describe('a volume with a layout', () => {
  it('needs as many disks as it lies on, each with room for its share', () => {
    expect(fits([11, 11], volume(RAID1, 10))).toBe(true);
    expect(fits([22, 10], volume(RAID1, 10)), 'the metadata of the second copy has no room').toBe(false);
    expect(fits([100], volume(RAID1, 10))).toBe(false);
    expect(fits([], volume(RAID1, 10))).toBe(false);
    expect(fits([5, 5, 5], volume(striped(3), 15))).toBe(true);
    expect(fits([50, 5, 4], volume(striped(3), 15))).toBe(false);
    expect(fits([50, 5, 4, 6], volume(striped(3), 15))).toBe(true);
  });

  it('shares disks with others like it', () => {
    expect(fits([22, 22], volume(RAID1, 10), volume(RAID1, 10))).toBe(true);
    expect(fits([22, 22], volume(RAID1, 10), volume(RAID1, 11))).toBe(false);
    expect(fits([30, 30], volume(striped(2), 20), volume(RAID1, 10), volume(striped(2), 18))).toBe(true);
  });

  it('is not promised extents that a linear one may take', () => {
    expect(fits([20, 20], volume(RAID1, 9), volume(LINEAR, 10))).toBe(true);
    expect(fits([20, 20], volume(RAID1, 9), volume(LINEAR, 11))).toBe(false);
    expect(fits([20, 20, 20], volume(RAID1, 9), volume(LINEAR, 11)), 'another disk is left').toBe(true);
    expect(fits([20, 20, 20], volume(RAID1, 9), volume(LINEAR, 22)), 'two disks can be spoiled').toBe(false);
  });

  it('is no trouble where there is none', () => {
    expect(fits([3], volume(LINEAR, 3))).toBe(true);
  });
});

// Every order and every choice of disks that LVM could make is tried, extent by extent for a linear volume.
const stuck = (free: readonly number[], volumes: readonly Footprint[], seen = new Set<string>()): boolean => {
  const key = `${[...free].sort().join()}|${volumes.map(({ disks, diskBytes }) => `${disks}x${diskBytes}`).join()}`;
  if (seen.has(key)) return false;
  seen.add(key);
  return volumes.some((next, index) => {
    const rest = volumes.filter((_, other) => other !== index);
    const { disks, takenBytes, diskBytes } = next;
    const ways =
      disks === 1
        ? anywhere(free, takenBytes / EXTENT)
        : onDifferent(free, { disks, share: diskBytes / EXTENT, from: 0 });
    return ways.length === 0 || ways.some((left) => stuck(left, rest, seen));
  });
};

/** What can be left when the same share is taken of so many disks, from this one on. */
const onDifferent = (free: readonly number[], ask: { disks: number; share: number; from: number }): number[][] => {
  const { disks, share, from } = ask;
  if (disks === 0) return [[...free]];
  return free.flatMap((each, index) => {
    if (index < from || each < share) return [];
    return onDifferent(free.with(index, each - share), { disks: disks - 1, share, from: index + 1 });
  });
};

/** What can be left when so many extents are taken from any disks. */
const anywhere = (free: readonly number[], count: number): number[][] => {
  const [first, ...others] = free;
  if (first === undefined) return count === 0 ? [[]] : [];
  return Array.from({ length: Math.min(first, count) + 1 }, (_, taken) =>
    anywhere(others, count - taken).map((left) => [first - taken, ...left]),
  ).flat();
};

const layout = fc.oneof(
  fc.constant(LINEAR),
  fc.constant(RAID1),
  fc.integer({ min: 2, max: 3 }).map((stripes) => striped(stripes)),
);

it('never promises what LVM could fail to give, whichever disks it takes and in whatever order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(7), { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(layout, fc.integer({ min: 1, max: 6 })), { minLength: 1, maxLength: 3 }),
      (free, asked) => {
        const volumes = asked.map(([each, count]) => volume(each, count));
        const taken = volumes.reduce((sum, { takenBytes }) => sum + takenBytes, 0) / EXTENT;
        fc.pre(taken <= free.reduce((sum, each) => sum + each, 0));
        if (fits(free, ...volumes)) expect(stuck(free, volumes)).toBe(false);
      },
    ),
    { numRuns: 2000 },
  );
});

it('is exact for one volume', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { maxLength: 5 }), layout, fc.integer({ min: 1, max: 20 }), (free, each, count) => {
      const one = volume(each, count);
      fc.pre(one.takenBytes / EXTENT <= free.reduce((sum, disk) => sum + disk, 0));
      expect(fits(free, one)).toBe(!stuck(free, [one]));
    }),
  );
});
