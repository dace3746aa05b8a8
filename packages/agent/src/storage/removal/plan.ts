import { formatBytes } from '@berth/contract/quantity';
import type { PhysicalVolume, VolumeGroup } from '../../lvm/report.ts';
import { missingSentence } from '../health.ts';

/** What is next for a disk that is to leave its group. */
export type RemovalStep =
  | { readonly kind: 'withhold' }
  /** Begin to move this volume, or all that is there when it is a hidden one, which can't be named; never parts of RAID. */
  | { readonly kind: 'move'; readonly volume: string | undefined }
  /** Go on with the move of this volume. */
  | { readonly kind: 'resume'; readonly volume: string | undefined }
  | { readonly kind: 'take-out' }
  | { readonly kind: 'wait'; readonly message: string }
  | { readonly kind: 'blocked'; readonly message: string };

export interface RemovalFacts {
  readonly group: VolumeGroup;
  readonly physicalVolume: PhysicalVolume;
  /** A move of it has begun, and nothing shows that anybody sees it through. */
  readonly isStalled: boolean;
}

/**
 * The next step, from what there is: so a removal that was interrupted anywhere goes on. Volumes are moved one by one, because one
 * that is moved can neither grow nor be removed meanwhile.
 */
export const planRemoval = ({ group, physicalVolume: pv, isStalled }: RemovalFacts): RemovalStep => {
  // No other problem is in the way: a disk that fails is one to move volumes off.
  const missing = missingSentence(group);
  if (missing !== undefined) return { kind: 'blocked', message: missing };
  if (!pv.leaving || pv.allocatable) return { kind: 'withhold' };
  if (pv.move !== undefined) {
    return isStalled ? { kind: 'resume', volume: movingOf(group)[0] } : { kind: 'wait', message: moving(group, pv) };
  }
  if (pv.usedBytes === 0) return { kind: 'take-out' };
  const others = group.physicalVolumes.filter(({ uuid }) => uuid !== pv.uuid);
  if (others.some(({ move }) => move !== undefined)) {
    return { kind: 'wait', message: `it waits for another disk of ${group.name}, from which volumes are moved` };
  }
  const roomBytes = others.reduce((sum, { freeBytes }) => sum + freeBytes, 0);
  if (roomBytes < pv.usedBytes) return { kind: 'blocked', message: noRoom(group, pv, roomBytes) };
  const volume = pv.volumes.find((name) => !name.startsWith('['));
  const copies = copiesOn(pv);
  if (volume === undefined && copies.length > 0) return { kind: 'blocked', message: replaceByHand(group, pv, copies) };
  return { kind: 'move', volume };
};

/** Names of the RAID volumes with a part on a physical volume: LVM calls the parts `[NAME_rimage_0]` and `[NAME_rmeta_0]`. */
const copiesOn = ({ volumes }: PhysicalVolume): string[] => [
  ...new Set(volumes.flatMap((name) => /^\[(.+)_r(?:image|meta)_\d+\]$/.exec(name)?.[1] ?? [])),
];

/**
 * Copies are not moved: some versions of LVM move them, some leave them marked as unusable (lvmteam/lvm2#143), and the newest refuse
 * (test/shell/pvmove-raid-segtypes.sh there).
 */
const replaceByHand = (group: VolumeGroup, pv: PhysicalVolume, names: readonly string[]): string => {
  const commands = names.map((name) => `lvconvert --replace ${pv.path} ${group.name}/${name}`);
  return `copies of mirrored volumes are not moved but made anew on another disk; run on the node, each when the one before is in sync: ${commands.join('; ')}`;
};

const movingOf = (group: VolumeGroup): string[] =>
  group.logicalVolumes.filter((volume) => volume.moving).map(({ name }) => name);

const moving = (group: VolumeGroup, pv: PhysicalVolume): string =>
  `${movingOf(group).join(', ') || 'a volume'} is moved to other disks; ${formatBytes(pv.usedBytes)} are to be moved in all`;

const noRoom = (group: VolumeGroup, pv: PhysicalVolume, roomBytes: number): string =>
  `volumes have ${formatBytes(pv.usedBytes)} on it, and the other disks of ${group.name} have ${formatBytes(roomBytes)} free; ` +
  `add a disk or remove volumes, ${formatBytes(pv.usedBytes - roomBytes)} are missing`;
