import { createHash } from 'node:crypto';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const GROUPS = [6, 4, 4, 4, 4, 4, 6];
const CANDIDATES = 8;

/**
 * UUIDs for the physical volume on a disk, derived from node and disk, so that one that was made but not yet put into a
 * group is known to be ours after a crash. Several, because a slot can hold a new disk while the group still misses the old.
 */
export const physicalVolumeUuids = (nodeName: string, diskIdentity: string): string[] =>
  Array.from({ length: CANDIDATES }, (_, generation) => derive(`${nodeName}\n${diskIdentity}\n${generation}`));

const derive = (seed: string): string => {
  const bytes = [...createHash('sha256').update(seed).digest()];
  const letters = bytes.map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
  const starts = GROUPS.map((_, index) => GROUPS.slice(0, index).reduce((sum, length) => sum + length, 0));
  return GROUPS.map((length, index) => letters.slice(starts[index], (starts[index] ?? 0) + length)).join('-');
};
