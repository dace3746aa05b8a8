import { isMedium, type Medium } from '@berth/contract/medium';
import { capacityKey, volumeGroupName } from '@berth/contract/names';
import { formatQuantity } from '@berth/contract/quantity';
import type { DiskStatus, NodeStorageStatus, VolumeGroupStatus } from '@berth/contract/resources/node-storage';
import type { LvmReport, VolumeGroup } from '../lvm/report.ts';
import { OWNER_TAG } from '../lvm/tags.ts';

export interface StatusFacts {
  readonly report: LvmReport;
  readonly disks: readonly DiskStatus[];
  /** What the node said last. */
  readonly previous: NodeStorageStatus | undefined;
  /** Bytes of every group that stay free. */
  readonly reserveBytes: number;
}

/** The status of a node's storage but for its conditions. Pure; amounts are whole extents. */
export const buildStatus = (facts: StatusFacts): Omit<NodeStorageStatus, 'conditions'> => {
  const groups = facts.report.groups.flatMap((group) => {
    const medium = ownMedium(group);
    return medium === undefined ? [] : [{ group, medium, reserve: reserveOf(group, facts.reserveBytes) }];
  });
  const byMedium = <T>(value: (each: (typeof groups)[number]) => T): Record<string, T> =>
    Object.fromEntries(groups.map((each) => [capacityKey(each.medium), value(each)]));
  return {
    capacity: byMedium(({ group, reserve }) => formatQuantity(Math.max(0, group.sizeBytes - reserve))),
    allocatable: byMedium(({ group, reserve }) => formatQuantity(allocatable(group, reserve))),
    groups: groups.map(({ group, medium, reserve }) => describe(group, medium, reserve)),
    disks: withMissing(facts.disks, facts.previous?.disks ?? []),
  };
};

/** Groups of which LVM misses disks take no new volumes. */
const allocatable = (group: VolumeGroup, reserve: number): number =>
  group.partial
    ? 0
    : Math.max(0, Math.min(group.sizeBytes - ownBytes(group) - foreignBytes(group), group.freeBytes) - reserve);

const ownMedium = (group: VolumeGroup): Medium | undefined => {
  const medium = group.name.replace(/^csi-vg-/, '');
  const isOurs = group.tags.includes(OWNER_TAG) && !group.exported;
  return isOurs && isMedium(medium) && volumeGroupName(medium) === group.name ? medium : undefined;
};

const describe = (group: VolumeGroup, medium: Medium, reserve: number): VolumeGroupStatus => ({
  name: group.name,
  medium,
  uuid: group.uuid,
  extentSize: formatQuantity(group.extentBytes),
  size: formatQuantity(group.sizeBytes),
  free: formatQuantity(group.freeBytes),
  foreign: formatQuantity(foreignBytes(group)),
  reserve: formatQuantity(reserve),
  physicalVolumes: group.physicalVolumes.map(({ uuid }) => uuid),
});

const ownBytes = (group: VolumeGroup): number =>
  group.logicalVolumes
    .filter(({ tags }) => tags.includes(OWNER_TAG))
    .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

/** Whatever is taken and not by our volumes; counted by extents, so that mirrors and metadata are in it. */
const foreignBytes = (group: VolumeGroup): number => Math.max(0, group.sizeBytes - group.freeBytes - ownBytes(group));

const reserveOf = (group: VolumeGroup, bytes: number): number =>
  Math.min(group.sizeBytes, Math.ceil(bytes / group.extentBytes) * group.extentBytes);

/** A disk of ours that is not seen any more stays in the list: it may be back with the next look (trap 53). */
const withMissing = (disks: readonly DiskStatus[], before: readonly DiskStatus[]): DiskStatus[] => {
  const seen = new Set(disks.map(({ identity }) => identity.value));
  const missing = before.filter(({ state, identity }) => state !== 'Refused' && !seen.has(identity.value));
  return [
    ...disks,
    ...missing.map((disk): DiskStatus => ({ ...disk, state: 'Missing', reason: 'the disk is not there' })),
  ];
};
