import { isDeepStrictEqual } from 'node:util';
import { CONDITION_DEGRADED, CONDITION_READY } from '@berth/contract/condition-types';
import { type Condition, setCondition } from '@berth/contract/conditions';
import type { LogicalVolume, LogicalVolumeStatus } from '@berth/contract/resources/logical-volume';
import type { KubeClient } from '@berth/kube/client';
import { LOGICAL_VOLUMES } from '@berth/kube/resources';
import type { Clock } from '@berth/runtime/clock';
import type { Degradation } from './degraded.ts';

export interface NextStatus {
  readonly phase: NonNullable<LogicalVolumeStatus['phase']>;
  readonly size?: string;
  readonly volumeGroup?: string;
  readonly wiped?: string;
  readonly condition: { readonly status: 'True' | 'False'; readonly reason: string; readonly message: string };
  /** Null when it is well; absent when nobody has looked. */
  readonly degraded?: Degradation | null;
}

/** Writes only what differs; the uid keeps a status from reaching a later object of the same name. */
export const writeStatus = async (
  { client, clock }: { readonly client: KubeClient; readonly clock: Clock },
  object: LogicalVolume,
  { condition, degraded, ...next }: NextStatus,
): Promise<void> => {
  const { name, uid, generation } = object.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const before = object.status?.conditions ?? [];
  const ready = setCondition(before, { type: CONDITION_READY, ...observed, ...condition }, clock.now());
  const conditions = withDegradation(ready, degraded, clock.now());
  const status = { ...object.status, ...next, conditions };
  if (isDeepStrictEqual(status, object.status)) return;
  const patch = { metadata: { uid }, status };
  await client.mergePatch(LOGICAL_VOLUMES, { name }, patch, { subresource: 'status' });
};

const withDegradation = (
  conditions: readonly Condition[],
  degraded: Degradation | null | undefined,
  now: Date,
): readonly Condition[] => {
  if (degraded === undefined) return conditions;
  if (degraded === null) return conditions.filter(({ type }) => type !== CONDITION_DEGRADED);
  return setCondition(conditions, { type: CONDITION_DEGRADED, status: 'True', ...degraded }, now);
};
