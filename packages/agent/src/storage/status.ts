import { isMedium, type Medium } from '@berth/contract/medium';
import { capacityKey, volumeGroupName } from '@berth/contract/names';
import { formatQuantity } from '@berth/contract/quantity';
import type {
  DiskHealth,
  DiskIdentity,
  DiskStatus,
  NodeStorageStatus,
  Orphan,
  VolumeGroupStatus,
} from '@berth/contract/resources/node-storage';
import type { LvmReport, VolumeGroup } from '../lvm/report.ts';
import { OWNER_TAG } from '../lvm/tags.ts';
import { judgeHandedOver } from './handed-over.ts';
import { groupProblem } from './health.ts';
import { findOrphans, type IsKnown } from './orphans.ts';
import { buildRemovals, type RemovalFacts } from './removal/removal-status.ts';
import type { VolumeGroups } from './volume-groups.ts';

export interface StatusFacts extends RemovalFacts {
  readonly report: LvmReport;
  readonly disks: readonly DiskStatus[];
  readonly volumeGroups: VolumeGroups;
  /** What has been found out about a disk's health since the agent began. */
  readonly healthOf: (identity: string) => DiskHealth | undefined;
  /** What the node said last. */
  readonly previous: NodeStorageStatus | undefined;
  /** Bytes of every group that stay free. */
  readonly reserveBytes: number;
  readonly isKnown: IsKnown;
  readonly now: Date;
  /** Percent by group; what is not known is absent. */
  readonly busy: ReadonlyMap<string, number>;
  /** Identities of missing disks, and UUIDs of groups, that an operator wants forgotten. */
  readonly forget: readonly string[];
}

/** The status of a node's storage but for its conditions. Pure; amounts are whole extents. */
export const buildStatus = (facts: StatusFacts): Omit<NodeStorageStatus, 'conditions'> => {
  const disks = withMissing(facts).map((disk) => withHealth(disk, facts));
  const handedOver = judgeHandedOver(facts);
  const groups = facts.report.groups.flatMap((group) => {
    const medium = ownMedium(group) ?? handedOver.find((each) => each.group === group)?.medium;
    if (medium === undefined) return [];
    const reserve = reserveOf(group, facts.reserveBytes);
    const foreign = foreignBytes(group, facts.isKnown);
    const orphans = findOrphans(group, facts);
    const busy = facts.busy.get(group.name);
    return [
      { group, medium, reserve, foreign, orphans, busy, problem: groupProblem(group, { ...facts, disks, medium }) },
    ];
  });
  const byMedium = <T>(value: (each: (typeof groups)[number]) => T): Record<string, T> =>
    Object.fromEntries(groups.map((each) => [capacityKey(each.medium), value(each)]));
  const removals = buildRemovals({ ...facts, disks });
  return {
    capacity: byMedium(({ group, reserve }) => formatQuantity(Math.max(0, group.sizeBytes - reserve))),
    allocatable: byMedium((each) => formatQuantity(allocatable(each))),
    groups: groups.map(describe),
    ...(handedOver.length > 0 && { handedOver: handedOver.map(({ group: _, ...told }) => told) }),
    disks,
    ...(removals.length > 0 && { removals }),
  };
};

/** What the disks have free is the truth here; a group with a problem takes no new volumes. */
const allocatable = ({ group, reserve, problem }: OwnGroup): number =>
  problem === undefined ? Math.max(0, group.freeBytes - reserve) : 0;

const ownMedium = (group: VolumeGroup): Medium | undefined => {
  const medium = group.name.replace(/^csi-vg-/, '');
  const isOurs = group.tags.includes(OWNER_TAG) && !group.exported;
  return isOurs && isMedium(medium) && volumeGroupName(medium) === group.name ? medium : undefined;
};

interface OwnGroup {
  readonly group: VolumeGroup;
  readonly medium: Medium;
  readonly reserve: number;
  readonly foreign: number;
  readonly orphans: readonly Orphan[];
  readonly busy: number | undefined;
  readonly problem: string | undefined;
}

const describe = ({ group, medium, reserve, foreign, orphans, busy, problem }: OwnGroup): VolumeGroupStatus => ({
  name: group.name,
  medium,
  uuid: group.uuid,
  extentSize: formatQuantity(group.extentBytes),
  size: formatQuantity(group.sizeBytes),
  free: formatQuantity(group.freeBytes),
  foreign: formatQuantity(foreign),
  reserve: formatQuantity(reserve),
  physicalVolumes: group.physicalVolumes.map(({ uuid }) => uuid),
  diskFree: group.physicalVolumes.map(({ freeBytes }) => formatQuantity(freeBytes)),
  ...(orphans.length > 0 && { orphans: [...orphans] }),
  ...(busy !== undefined && { busyPercent: busy }),
  ...(problem !== undefined && { problem }),
});

/**
 * Whatever is taken and not by a volume that an object stands for; counted by extents, so that the mirrors and metadata of others,
 * and volumes of ours that lost their object, are in it.
 */
const foreignBytes = (group: VolumeGroup, isKnown: IsKnown): number => {
  const known = group.logicalVolumes
    .filter(({ name, tags }) => tags.includes(OWNER_TAG) && (isKnown(name) ?? true))
    .reduce((sum, { takenBytes }) => sum + takenBytes, 0);
  return Math.max(0, group.usedBytes - known);
};

const reserveOf = (group: VolumeGroup, bytes: number): number =>
  Math.min(group.sizeBytes, Math.ceil(bytes / group.extentBytes) * group.extentBytes);

const REMEMBERED: readonly DiskStatus['state'][] = ['Adopted', 'HandedOver', 'Missing'];

/** A disk of our groups that is not seen any more stays in the list, until it is told to be forgotten: it may be back with the next look (trap 53). */
const withMissing = ({ disks, previous, forget }: StatusFacts): DiskStatus[] => {
  const gone = new Set([...disks.map(({ identity }) => identity.value), ...forget]);
  const missing = (previous?.disks ?? []).filter(
    ({ state, identity }) => REMEMBERED.includes(state) && isIdentified(identity) && !gone.has(identity.value),
  );
  return [
    ...disks,
    ...missing.map((disk): DiskStatus => ({ ...disk, state: 'Missing', reason: 'the disk is not there' })),
  ];
};

/** A disk that left its group keeps what it told, so that one that fails is not taken anew. */
const withHealth = (disk: DiskStatus, { previous, healthOf }: StatusFacts): DiskStatus => {
  if (!isIdentified(disk.identity)) return disk;
  const { value } = disk.identity;
  const health = healthOf(value) ?? previous?.disks?.find(({ identity }) => identity.value === value)?.health;
  return health === undefined ? disk : { ...disk, health };
};

/** An operator's group may have disks that nothing tells from others; nothing is remembered of them. */
const isIdentified = ({ tier }: DiskIdentity): boolean => tier !== 'none';
