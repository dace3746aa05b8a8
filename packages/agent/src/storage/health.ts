import { CONDITION_LVM } from '@berth/contract/condition-types';
import { type Condition, setCondition } from '@berth/contract/conditions';
import { type AppError, toAppError } from '@berth/contract/errors';
import { MEDIA } from '@berth/contract/medium';
import { volumeGroupName } from '@berth/contract/names';
import type { LvmReport, VolumeGroup } from '../lvm/report.ts';
import { findOwnGroup } from '../lvm/volume-group.ts';

const CONDITION_PROGRAMS = 'ProgramsInstalled';
const CONDITION_GROUPS = 'GroupsUsable';

/** The conditions of a node's storage. The same list comes back when nothing changed. */
export const buildConditions = (
  before: readonly Condition[],
  facts: { readonly missingPrograms: readonly string[]; readonly seen: { report: LvmReport } | { failure: AppError } },
  now: Date,
): readonly Condition[] => {
  const withPrograms = setCondition(before, verdict(CONDITION_PROGRAMS, facts.missingPrograms, 'ProgramMissing'), now);
  const { seen } = facts;
  const failures = 'failure' in seen ? [seen.failure.message] : [];
  const withLvm = setCondition(withPrograms, verdict(CONDITION_LVM, failures, 'LvmFailed'), now);
  // Without a report, what was said of the groups last still stands.
  if ('failure' in seen) return withLvm;
  return setCondition(withLvm, verdict(CONDITION_GROUPS, groupProblems(seen.report), 'GroupUnusable'), now);
};

/** Why a group of ours takes no new volumes, as a sentence; undefined when it does. */
export const groupProblem = (group: VolumeGroup): string | undefined => {
  if (!group.partial) return undefined;
  const missing = group.physicalVolumes.filter((pv) => pv.missing).map(({ uuid }) => uuid);
  return `the volume group misses the physical volumes ${missing.join(', ')}`;
};

const verdict = (type: string, problems: readonly string[], reason: string) =>
  problems.length === 0
    ? ({ type, status: 'True', reason: 'AsExpected', message: '' } as const)
    : ({ type, status: 'False', reason, message: problems.join('; ') } as const);

const groupProblems = (report: LvmReport): string[] =>
  MEDIA.flatMap((medium) => {
    const name = volumeGroupName(medium);
    try {
      const group = findOwnGroup(report, name);
      const problem = group && groupProblem(group);
      return problem === undefined ? [] : [`${name}: ${problem}`];
    } catch (thrown) {
      return [toAppError(thrown).message];
    }
  });
