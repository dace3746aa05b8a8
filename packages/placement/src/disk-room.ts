import type { Footprint } from '@berth/contract/layout';

/**
 * Volumes that are to come onto disks with so much free each, in no known order and with nobody knowing which disks LVM will
 * give them. The first that might not find enough different disks with room; undefined when each finds them, whatever
 * becomes of the others. Amounts are bytes in whole extents, and there is room for all of them in the sum.
 *
 * A linear volume may take what it needs from any disks, one with a layout its even share of each of its disks and no more.
 * So for each volume the others are played against it: they must leave it one disk less than it needs, by taking more than
 * what is to spare from all others that would do, cheapest first. They can't when that is more than they take together, or
 * when one of these disks has more to spare than they can all take from one disk. This may refuse what would do (others that
 * can't be cut as this supposes), and never promises what would not.
 */
export const findCrowded = (
  diskFree: readonly number[],
  volumes: readonly Footprint[],
  extentBytes: number,
): Footprint | undefined => {
  const all = { takenBytes: 0, diskBytes: 0 };
  for (const { takenBytes, diskBytes } of volumes) {
    all.takenBytes += takenBytes;
    all.diskBytes += diskBytes;
  }
  return volumes.find((volume) => {
    if (volume.disks === 1) return false;
    const spare = spareOn(diskFree, volume.diskBytes);
    const spoiled = spare.slice(0, Math.max(0, spare.length - volume.disks + 1));
    const costs = spoiled.reduce((sum, bytes) => sum + bytes + extentBytes, 0);
    const others = { takenBytes: all.takenBytes - volume.takenBytes, diskBytes: all.diskBytes - volume.diskBytes };
    return costs <= others.takenBytes && (spoiled.at(-1) ?? -extentBytes) + extentBytes <= others.diskBytes;
  });
};

/** How many of the disks have so much free. */
export const countDisksWith = (diskFree: readonly number[], bytes: number): number =>
  diskFree.filter((free) => free >= bytes).length;

/** What the disks that have so much free have to spare, least first. */
const spareOn = (diskFree: readonly number[], bytes: number): number[] =>
  diskFree
    .filter((free) => free >= bytes)
    .map((free) => free - bytes)
    .sort((one, other) => one - other);
