import type * as z from 'zod';
import type { conditionSchema } from './resources/fields.ts';

export type Condition = z.infer<typeof conditionSchema>;

const MAX_MESSAGE = 32768;

/**
 * The list with one condition set. The transition time moves only when the status changes, and the very same list
 * comes back when nothing changed, so that callers can see that there is nothing to write. A message longer than
 * the schema allows is cut.
 */
export const setCondition = (
  conditions: readonly Condition[],
  next: Omit<Condition, 'lastTransitionTime'>,
  now: Date,
): readonly Condition[] => {
  const message = next.message.slice(0, MAX_MESSAGE);
  const old = conditions.find((condition) => condition.type === next.type);
  if (
    old &&
    old.status === next.status &&
    old.reason === next.reason &&
    old.message === message &&
    old.observedGeneration === next.observedGeneration
  ) {
    return conditions;
  }
  const lastTransitionTime = old?.status === next.status ? old.lastTransitionTime : now.toISOString();
  const changed: Condition = { ...next, message, lastTransitionTime };
  return old ? conditions.map((condition) => (condition === old ? changed : condition)) : [...conditions, changed];
};
