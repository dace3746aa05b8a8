import type { Medium } from '@berth/contract/medium';
import type { Demand, GroupState } from './model.ts';

/** Bytes rounded up to whole extents, as LVM will. */
export const wholeExtents = (bytes: number, extentSize: number): number =>
  extentSize > 0 ? Math.ceil(bytes / extentSize) * extentSize : bytes;

/**
 * Bytes of a group that nothing uses, before holds; never negative.
 *
 * Two views of the same group are combined, because at any moment either may be behind the other. The objects may
 * hold a LogicalVolume that is not on disk yet: then `size − ours − foreign` is the smaller one. The report may have
 * seen on disk what has no object any more, or none yet (a volume being removed): then `free` is the smaller one. So a
 * LogicalVolume may or may not be contained in `free` already; it is never subtracted from it, which would count
 * it twice. Nothing is adjusted by increments: a lost or repeated event cannot make the sum drift.
 */
export const unusedBytes = (group: GroupState): number =>
  Math.max(0, Math.min(group.size - group.ours - group.foreign, group.free) - group.reserve);

/** What the demands take from a medium with this extent size, in bytes of whole extents. */
export const neededBytes = (demands: readonly Demand[], medium: Medium, extentSize: number): number => {
  let sum = 0;
  for (const demand of demands) {
    if (demand.medium === medium) sum += wholeExtents(demand.bytes, extentSize);
  }
  return sum;
};
