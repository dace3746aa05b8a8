import { toAppError } from '@berth/contract/errors';
import { MEDIA, type Medium } from '@berth/contract/medium';
import { volumeGroupName } from '@berth/contract/names';
import type { HandedOverStatus, NodeStorageStatus } from '@berth/contract/resources/node-storage';
import { findHandedOverObstacle } from '../lvm/handed-over.ts';
import type { LvmReport, VolumeGroup } from '../lvm/report.ts';
import { OWNER_TAG } from '../lvm/tags.ts';
import { findGroup, type HandedOverGroups } from '../lvm/volume-group.ts';
import type { VolumeGroups } from './volume-groups.ts';

/** What is to be told of a group that an operator hands over. */
export interface HandedOver extends HandedOverStatus {
  /** The group itself, once it is certain that it is the one; volumes are made in it unless there is a problem. */
  readonly group?: VolumeGroup;
}

export interface HandedOverFacts {
  readonly volumeGroups: VolumeGroups;
  readonly report: LvmReport;
  /** What the node said last. */
  readonly previous: NodeStorageStatus | undefined;
  /** UUIDs of groups that an operator wants forgotten. */
  readonly forget: readonly string[];
}

/**
 * Judges the groups that are handed over. The UUID by which a group is known is that of the first time it was usable; it is kept in
 * NodeStorage and not as a tag, so that nothing but volumes is ever written to an operator's group. Pure.
 */
export const judgeHandedOver = (facts: HandedOverFacts): HandedOver[] =>
  MEDIA.flatMap((medium) => {
    const name = facts.volumeGroups[medium];
    return name === undefined ? [] : [judge(medium, name, facts)];
  });

const judge = (medium: Medium, name: string, { report, previous, forget }: HandedOverFacts): HandedOver => {
  const uuid = uuidsOf(previous).get(`${medium} ${name}`);
  const known = uuid !== undefined && !forget.includes(uuid) ? { medium, name, uuid } : { medium, name };
  try {
    const group = findGroup(report, name);
    if (group === undefined) return { ...known, problem: `the node has no volume group ${name}` };
    const obstacle = findHandedOverObstacle(group, known.uuid) ?? findRival(report, medium, name);
    if (obstacle !== undefined) return { ...known, problem: obstacle };
    const isNew = known.uuid === undefined;
    return isNew && group.partial
      ? { ...known, problem: `the volume group ${name} misses disks; it is taken over once it is complete` }
      : { ...known, uuid: group.uuid, group };
  } catch (thrown) {
    return { ...known, problem: toAppError(thrown).message };
  }
};

/** One group counts for a medium: where there is one of our making already, that one is still shown, and takes no new volumes. */
const findRival = (report: LvmReport, medium: Medium, name: string): string | undefined => {
  const rival = volumeGroupName(medium);
  return report.groups.some((group) => group.name === rival && group.tags.includes(OWNER_TAG))
    ? `the node has the volume group ${rival} for ${medium} already; take ${name} out of the setting volumeGroups, or remove ${rival} once no volume is in it`
    : undefined;
};

/** What the node has said about the groups that are handed over, for those who make volumes in them. */
export const knownHandedOver = (
  volumeGroups: VolumeGroups,
  status: NodeStorageStatus | undefined,
): HandedOverGroups => {
  const uuids = uuidsOf(status);
  return new Map(
    MEDIA.flatMap((medium) => {
      const name = volumeGroups[medium];
      return name === undefined ? [] : [[name, uuids.get(`${medium} ${name}`)] as const];
    }),
  );
};

const uuidsOf = (status: NodeStorageStatus | undefined): ReadonlyMap<string, string | undefined> =>
  new Map((status?.handedOver ?? []).map(({ medium, name, uuid }) => [`${medium} ${name}`, uuid]));
