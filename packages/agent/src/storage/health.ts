import { type Condition, setCondition } from '@berth/contract/conditions';
import { type AppError, toAppError } from '@berth/contract/errors';
import { MEDIA } from '@berth/contract/medium';
import { volumeGroupName } from '@berth/contract/names';
import type { LvmReport } from '../lvm/report.ts';
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
  return setCondition(withPrograms, verdict(CONDITION_GROUPS, problemsOf(facts.seen), 'GroupUnusable'), now);
};

const verdict = (type: string, problems: readonly string[], reason: string) =>
  problems.length === 0
    ? ({ type, status: 'True', reason: 'AsExpected', message: '' } as const)
    : ({ type, status: 'False', reason, message: problems.join('; ') } as const);

const problemsOf = (seen: { report: LvmReport } | { failure: AppError }): string[] =>
  'failure' in seen ? [seen.failure.message] : groupProblems(seen.report);

const groupProblems = (report: LvmReport): string[] =>
  MEDIA.flatMap((medium) => {
    const name = volumeGroupName(medium);
    try {
      const group = findOwnGroup(report, name);
      const missing = group?.physicalVolumes.filter((pv) => pv.missing).map(({ uuid }) => uuid) ?? [];
      return group?.partial ? [`${name} misses the physical volumes ${missing.join(', ')}`] : [];
    } catch (thrown) {
      return [toAppError(thrown).message];
    }
  });
