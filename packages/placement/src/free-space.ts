import type { GroupAmounts } from './model.ts';

/** Bytes of a group that volumes may take. */
export const usableBytes = ({ size, reserve }: GroupAmounts): number => Math.max(0, size - reserve);

/**
 * Bytes of a group that nothing uses, before holds; never negative.
 *
 * Two views of the same group are combined, because at any moment either may be behind the other. The objects may
 * hold a LogicalVolume that is not on disk yet: then `size − ours − foreign` is the smaller one. The report may have
 * seen on disk what has no object any more, or none yet (a volume being removed): then `free` is the smaller one. So a
 * LogicalVolume may or may not be contained in `free` already; it is never subtracted from it, which would count
 * it twice. Nothing is adjusted by increments: a lost or repeated event cannot make the sum drift.
 */
export const unusedBytes = ({ size, free, foreign, reserve, ours }: GroupAmounts): number =>
  Math.max(0, Math.min(size - ours - foreign, free) - reserve);
