import type { BlockDevice } from '../disks/block-device.ts';
import type { LvmReport, PhysicalVolume } from '../lvm/report.ts';
import { OWNER_TAG } from '../lvm/tags.ts';

/** Where LVM has a disk: in one of our groups, prepared by us for one, in somebody else's, left over in none, or nowhere. */
export type DiskPlace =
  | { readonly kind: 'ours'; readonly group: string }
  | { readonly kind: 'prepared' }
  | { readonly kind: 'foreign'; readonly reason: string }
  | { readonly kind: 'leftover'; readonly reason: string }
  | { readonly kind: 'free' };

/** `ownUuids` are those that only a physical volume made by this agent on this very disk can have. */
export const findPlace = (device: BlockDevice, ownUuids: readonly string[], report: LvmReport): DiskPlace => {
  const isHere = (pv: PhysicalVolume) => !pv.missing && (pv.path === device.path || device.links.includes(pv.path));
  const group = report.groups.find((each) => each.physicalVolumes.some(isHere));
  if (group?.tags.includes(OWNER_TAG)) return { kind: 'ours', group: group.name };
  if (group !== undefined) {
    return { kind: 'foreign', reason: `it belongs to the volume group ${group.name}, which is not ours` };
  }
  const orphan = report.orphans.find(isHere);
  if (orphan === undefined) return { kind: 'free' };
  if (ownUuids.includes(orphan.uuid)) return { kind: 'prepared' };
  return { kind: 'leftover', reason: 'it is a physical volume of LVM that we did not make; remove it with pvremove' };
};
