import type { PersistentVolumeClaim } from '@berth/kube/types';

type ClaimStatus = NonNullable<PersistentVolumeClaim['status']>;
type ClaimCondition = NonNullable<ClaimStatus['conditions']>[number];

/**
 * How far a claim has come in growing: PersistentVolumeClaimStatus.allocatedResourceStatuses as external-resizer and
 * kubelet write it (KEP-1790, RecoverVolumeExpansionFailure). Undefined when it does not grow.
 */
export const resizeStepOf = ({ status }: PersistentVolumeClaim): string | undefined =>
  status?.allocatedResourceStatuses?.storage;

/** Why a claim cannot grow, as the reason of its condition ControllerResizeError. */
export type ResizeObstacle =
  /** The agent tried, or looked at its disks, and said no. */
  | 'RefusedByNode'
  /** By what the node last reported there is no room, so the agent was not asked. */
  | 'NoRoomOnDisks'
  | 'ExpansionNotAllowed';

/** When the agent refused the last attempt to grow, in milliseconds since 1970; undefined when it did not. */
export const refusedByNodeAt = ({ status }: PersistentVolumeClaim): number | undefined => {
  const failed = status?.conditions?.find(({ type }) => type === 'ControllerResizeError');
  if (failed?.reason !== ('RefusedByNode' satisfies ResizeObstacle) || !failed.lastTransitionTime) return undefined;
  return Date.parse(failed.lastTransitionTime);
};

/** Status of a claim that we have begun to grow to this size. */
export const growing = (claim: PersistentVolumeClaim, size: string, now: Date): object => ({
  allocatedResources: { storage: size },
  allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
  conditions: conditionsWith(claim, condition('Resizing', '', now)),
});

/** Status of a claim that cannot grow to this size; the user may ask for less, or wait. */
export const notGrowing = (claim: PersistentVolumeClaim, size: string, failure: Failure): object => ({
  allocatedResources: { storage: size },
  allocatedResourceStatuses: { storage: 'ControllerResizeInfeasible' },
  conditions: conditionsWith(claim, {
    ...condition('ControllerResizeError', failure.message, failure.now),
    reason: failure.reason,
  }),
});

export interface Failure {
  readonly reason: ResizeObstacle;
  readonly message: string;
  readonly now: Date;
}

/** Status of a claim whose volume has grown and whose file system is kubelet's to grow. */
export const grownButForFileSystem = (claim: PersistentVolumeClaim, size: string, now: Date): object => ({
  allocatedResources: { storage: size },
  allocatedResourceStatuses: { storage: 'NodeResizePending' },
  conditions: conditionsWith(
    claim,
    condition(
      'FileSystemResizePending',
      'the volume has grown; kubelet grows the file system where it is mounted',
      now,
    ),
  ),
});

/** Status of a claim of volume mode Block, which has grown with its volume. */
export const grown = (claim: PersistentVolumeClaim, size: string): object => ({
  capacity: { storage: size },
  allocatedResources: { storage: size },
  allocatedResourceStatuses: { storage: null },
  conditions: conditionsWith(claim),
});

const RESIZE_CONDITIONS = ['Resizing', 'FileSystemResizePending', 'ControllerResizeError', 'NodeResizeError'];

const conditionsWith = ({ status }: PersistentVolumeClaim, ...next: ClaimCondition[]): readonly ClaimCondition[] => [
  ...(status?.conditions ?? []).filter(({ type }) => !RESIZE_CONDITIONS.includes(type)),
  ...next,
];

const condition = (type: string, message: string, now: Date): ClaimCondition => ({
  type,
  status: 'True',
  lastTransitionTime: now.toISOString(),
  ...(message && { message }),
});
