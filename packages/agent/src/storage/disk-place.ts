import type { BlockDevice } from '../disks/block-device.ts';
import type { LvmReport, PhysicalVolume, VolumeGroup } from '../lvm/report.ts';
import { OWNER_TAG } from '../lvm/tags.ts';

/**
 * Where LVM has a disk: in one of our groups, in one that is handed over to us, prepared by us for one of ours, in somebody else's,
 * left over in none, or nowhere.
 */
export type DiskPlace =
  | { readonly kind: 'ours'; readonly group: VolumeGroup; readonly physicalVolume: PhysicalVolume }
  | { readonly kind: 'handed-over'; readonly group: VolumeGroup }
  | { readonly kind: 'prepared'; readonly physicalVolume: PhysicalVolume }
  | { readonly kind: 'foreign'; readonly reason: string }
  | { readonly kind: 'leftover'; readonly reason: string }
  | { readonly kind: 'free' };

export interface PlaceFacts {
  readonly report: LvmReport;
  /** Those that only a physical volume made by this agent on this very disk can have. */
  readonly ownUuids: readonly string[];
  readonly handedOver: readonly VolumeGroup[];
}

/** Both look the same, and in the second case volumes may be on it. */
const CLAIMED =
  'it says that it belongs to a volume group, and no disk has that group: LVM was killed while it made or extended the group, or the group is lost; if nothing on it is needed, have it wiped';

export const findPlace = (device: BlockDevice, { report, ownUuids, handedOver }: PlaceFacts): DiskPlace => {
  const isHere = (pv: PhysicalVolume) => !pv.missing && (pv.path === device.path || device.links.includes(pv.path));
  // An operator's group may lie on partitions.
  const partitions = device.children.filter(({ type }) => type === 'part').map(({ name }) => `/dev/${name}`);
  const isWithin = (pv: PhysicalVolume) => isHere(pv) || (!pv.missing && partitions.includes(pv.path));
  const theirs = handedOver.find((each) => each.physicalVolumes.some(isWithin));
  if (theirs !== undefined) return { kind: 'handed-over', group: theirs };
  for (const group of report.groups) {
    const physicalVolume = group.physicalVolumes.find(isHere);
    if (physicalVolume === undefined) continue;
    if (group.tags.includes(OWNER_TAG)) return { kind: 'ours', group, physicalVolume };
    return { kind: 'foreign', reason: `it belongs to the volume group ${group.name}, which is not ours` };
  }
  const orphan = report.orphans.find(isHere);
  if (orphan === undefined) return { kind: 'free' };
  if (orphan.claimed) return { kind: 'leftover', reason: CLAIMED };
  if (ownUuids.includes(orphan.uuid)) return { kind: 'prepared', physicalVolume: orphan };
  return { kind: 'leftover', reason: 'it is a physical volume of LVM that we did not make; remove it with pvremove' };
};
