import { CONDITION_LVM } from '@berth/contract/condition-types';
import { type Condition, setCondition } from '@berth/contract/conditions';
import { type AppError, toAppError } from '@berth/contract/errors';
import { MEDIA, type Medium } from '@berth/contract/medium';
import { volumeGroupName } from '@berth/contract/names';
import type { DiskStatus, NodeStorageStatus } from '@berth/contract/resources/node-storage';
import { failureOf, isFailing } from '../health/disk-health.ts';
import type { LvmReport, VolumeGroup } from '../lvm/report.ts';
import { findOwnGroup } from '../lvm/volume-group.ts';
import { groupNameOf, type VolumeGroups } from './volume-groups.ts';

const CONDITION_PROGRAMS = 'ProgramsInstalled';
const CONDITION_GROUPS = 'GroupsUsable';

/** The conditions of a node's storage. The same list comes back when nothing changed. */
export const buildConditions = (
  before: readonly Condition[],
  facts: {
    readonly missingPrograms: readonly string[];
    readonly seen: { report: LvmReport } | { failure: AppError };
    /** What is told of the groups now. */
    readonly status: Pick<NodeStorageStatus, 'groups' | 'handedOver'>;
  },
  now: Date,
): readonly Condition[] => {
  const withPrograms = setCondition(before, verdict(CONDITION_PROGRAMS, facts.missingPrograms, 'ProgramMissing'), now);
  const { seen } = facts;
  const failures = 'failure' in seen ? [seen.failure.message] : [];
  const withLvm = setCondition(withPrograms, verdict(CONDITION_LVM, failures, 'LvmFailed'), now);
  // Without a report, what was said of the groups last still stands.
  if ('failure' in seen) return withLvm;
  return setCondition(
    withLvm,
    verdict(CONDITION_GROUPS, groupProblems(seen.report, facts.status), 'GroupUnusable'),
    now,
  );
};

export interface GroupFacts {
  readonly medium: Medium;
  readonly volumeGroups: VolumeGroups;
  readonly disks: readonly DiskStatus[];
}

/** Why a group takes no new volumes, as a sentence; undefined when it does. */
export const groupProblem = (group: VolumeGroup, facts: GroupFacts): string | undefined => {
  const { medium, volumeGroups, disks } = facts;
  const missing = missingSentence(group);
  if (missing !== undefined) return missing;
  const name = groupNameOf(medium, volumeGroups);
  if (name !== group.name) return `the setting volumeGroups hands over ${name} for ${medium}`;
  const failing = disks.filter((disk) => disk.volumeGroup === group.name && isFailing(disk));
  return failing.length === 0 ? undefined : failing.map(failureSentence).join('; ');
};

/** Which physical volumes a group misses, as a sentence; undefined when it is complete. */
export const missingSentence = ({ partial, physicalVolumes }: VolumeGroup): string | undefined => {
  const missing = physicalVolumes.filter((pv) => pv.missing).map(({ uuid }) => uuid);
  return partial ? `the volume group misses the physical volumes ${missing.join(', ')}` : undefined;
};

const failureSentence = (disk: DiskStatus): string =>
  `the disk ${disk.identity.value} (${disk.path}) is failing: ${failureOf(disk)}`;

const verdict = (type: string, problems: readonly string[], reason: string) =>
  problems.length === 0
    ? ({ type, status: 'True', reason: 'AsExpected', message: '' } as const)
    : ({ type, status: 'False', reason, message: problems.join('; ') } as const);

const groupProblems = (
  report: LvmReport,
  { groups = [], handedOver = [] }: Pick<NodeStorageStatus, 'groups' | 'handedOver'>,
): string[] => [
  ...MEDIA.flatMap((medium) => {
    try {
      findOwnGroup(report, volumeGroupName(medium));
      return [];
    } catch (thrown) {
      return [toAppError(thrown).message];
    }
  }),
  ...groups.flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name}: ${problem}`])),
  ...handedOver.flatMap(({ problem }) => problem ?? []),
];
