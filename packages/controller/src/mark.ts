import { DRIVER_NAME } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';

/** Annotation of a LogicalVolume: since when neither a claim nor a persistent volume knows it (RFC 3339). */
export const ORPHANED_SINCE = `${DRIVER_NAME}/orphaned-since`;

/**
 * Annotation of a LogicalVolume: its PersistentVolume was deleted under the reclaim policy Retain at this time
 * (RFC 3339). It is kept until somebody deletes the LogicalVolume or makes a PersistentVolume for it.
 */
export const RETAINED_SINCE = `${DRIVER_NAME}/retained-since`;

/** Annotation of a LogicalVolume: since when its node has no Node object (RFC 3339). */
export const NODE_GONE_SINCE = `${DRIVER_NAME}/node-gone-since`;

/** The marks that a LogicalVolume carries about its claim and persistent volume. */
export const marksOf = (logicalVolume: LogicalVolume): readonly string[] =>
  [ORPHANED_SINCE, RETAINED_SINCE].filter((mark) => logicalVolume.metadata.annotations?.[mark] !== undefined);

/** Milliseconds since 1970 at which the mark was set; undefined when it is absent or not a time. */
export const markedAt = (logicalVolume: LogicalVolume, mark: string): number | undefined => {
  const time = Date.parse(logicalVolume.metadata.annotations?.[mark] ?? '');
  return Number.isNaN(time) ? undefined : time;
};
