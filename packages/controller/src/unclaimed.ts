import { CONDITION_CLAIMED } from '@berth/contract/condition-types';
import { type Condition, setCondition } from '@berth/contract/conditions';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { Action } from './action.ts';

/** Why nobody uses a volume. */
export interface Unclaimed {
  readonly reason: 'Orphaned' | 'Retained';
  readonly message: string;
}

/**
 * What it takes for the object to say that nobody uses it, or no longer to say so (undefined). Pure; nothing when it is
 * right already. The marks of mark.ts decide; this is for people, and is said again should the agent's own report of
 * the same moment overwrite it.
 */
export const sayUnclaimed = (
  logicalVolume: LogicalVolume,
  unclaimed: Unclaimed | undefined,
  now: Date,
): readonly Action[] => {
  const before = logicalVolume.status?.conditions ?? [];
  if (unclaimed === undefined) {
    const conditions = before.filter(({ type }) => type !== CONDITION_CLAIMED);
    return conditions.length === before.length ? [] : [say(logicalVolume, conditions)];
  }
  const conditions = setCondition(before, { type: CONDITION_CLAIMED, status: 'False', ...unclaimed }, now);
  return conditions === before ? [] : [say(logicalVolume, conditions)];
};

const say = (logicalVolume: LogicalVolume, conditions: readonly Condition[]): Action => ({
  kind: 'setLogicalVolumeConditions',
  logicalVolume,
  conditions,
});
