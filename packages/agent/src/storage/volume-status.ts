import { isDeepStrictEqual } from 'node:util';
import { CONDITION_READY } from '@berth/contract/condition-types';
import { setCondition } from '@berth/contract/conditions';
import type { LogicalVolume, LogicalVolumeStatus } from '@berth/contract/resources/logical-volume';
import type { KubeClient } from '@berth/kube/client';
import { LOGICAL_VOLUMES } from '@berth/kube/resources';
import type { Clock } from '@berth/runtime/clock';

export interface NextStatus {
  readonly phase: NonNullable<LogicalVolumeStatus['phase']>;
  readonly size?: string;
  readonly volumeGroup?: string;
  readonly wiped?: string;
  readonly condition: { readonly status: 'True' | 'False'; readonly reason: string; readonly message: string };
}

/** Writes only what differs; the uid keeps a status from reaching a later object of the same name. */
export const writeStatus = async (
  { client, clock }: { readonly client: KubeClient; readonly clock: Clock },
  object: LogicalVolume,
  { condition, ...next }: NextStatus,
): Promise<void> => {
  const { name, uid, generation } = object.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const before = object.status?.conditions ?? [];
  const conditions = setCondition(before, { type: CONDITION_READY, ...observed, ...condition }, clock.now());
  const status = { ...object.status, ...next, conditions };
  if (isDeepStrictEqual(status, object.status)) return;
  const patch = { metadata: { uid }, status };
  await client.mergePatch(LOGICAL_VOLUMES, { name }, patch, { subresource: 'status' });
};
