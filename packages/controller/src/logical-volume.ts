import { CONDITION_READY, REASON_OUT_OF_CAPACITY } from '@berth/contract/condition-types';
import type { Layout } from '@berth/contract/layout';
import { API_GROUP, API_VERSION, DRIVER_NAME, LOGICAL_VOLUME_FINALIZER, volumeName } from '@berth/contract/names';
import { formatQuantity } from '@berth/contract/quantity';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { applicationOf } from '@berth/contract/topology';
import type { PersistentVolumeClaim, Pod } from '@berth/kube/types';
import type { VolumeRequest } from './claim-request.ts';

/** For a claim: where, how much, and the pod that waits for it, if one does. */
export interface LogicalVolumeInput {
  readonly claim: PersistentVolumeClaim;
  readonly request: VolumeRequest;
  readonly nodeName: string;
  readonly pod: Pod | undefined;
}

/** The LogicalVolume of a claim. Its name follows from the claim's uid, so that making it twice makes one. */
export const buildLogicalVolume = ({ claim, request, nodeName, pod }: LogicalVolumeInput): LogicalVolume => {
  const { name = '', namespace = '', uid = '', labels } = claim.metadata ?? {};
  // Claims of stateful sets carry the labels of their template: the next best thing when there is no pod.
  const application = applicationOf(pod?.metadata?.labels) ?? applicationOf(labels);
  const volume = newLogicalVolume(volumeName(uid), nodeName, request);
  const spec = { ...volume.spec, claim: { namespace, name, uid } };
  return { ...volume, spec: { ...spec, ...(application && { application: { ...application } }) } };
};

const NO_CLAIM = { namespace: '', name: '', uid: '' };

/**
 * A LogicalVolume that is still to be made. It carries the agent's finalizer from the start: there is no moment at which
 * it could vanish and leave its disk space behind.
 */
export const newLogicalVolume = (name: string, nodeName: string, request: VolumeRequest): LogicalVolume => ({
  apiVersion: `${API_GROUP}/${API_VERSION}`,
  kind: 'LogicalVolume',
  metadata: {
    name,
    labels: { 'app.kubernetes.io/managed-by': DRIVER_NAME },
    finalizers: [LOGICAL_VOLUME_FINALIZER],
  },
  spec: {
    nodeName,
    medium: request.medium,
    size: formatQuantity(request.bytes),
    volumeMode: request.volumeMode,
    ...(request.fsType && { fsType: request.fsType }),
    ...(request.mkfsOptions && { mkfsOptions: request.mkfsOptions }),
    ...(request.wipePolicy !== 'none' && { wipePolicy: request.wipePolicy }),
    ...layoutFields(request.layout),
    claim: NO_CLAIM,
  },
});

const layoutFields = (layout: Layout): Pick<LogicalVolume['spec'], 'layout' | 'stripes'> => {
  if (layout.type === 'linear') return {};
  return layout.type === 'striped' ? { layout: layout.type, stripes: layout.stripes } : { layout: layout.type };
};

/** Whether the volume was made by a call of the CSI Controller service, so that only such calls end its life. */
export const isManagedByCsi = ({ spec }: LogicalVolume): boolean => spec.managedBy === 'csi';

/** An agent that runs makes or removes a volume within seconds; after this long, in milliseconds, people are told. */
export const AGENT_PATIENCE_MS = 120_000;

/** Whether the agent found no room for the volume. */
export const isOutOfCapacity = (volume: LogicalVolume): boolean =>
  volume.status?.phase === 'Failed' && readyCondition(volume)?.reason === REASON_OUT_OF_CAPACITY;

/**
 * The agent's sentence about why it can't grow the volume to the size that the object asks for now; undefined when it
 * has not said so. What it said about an earlier size does not count.
 */
export const growthRefusal = ({ metadata, status }: LogicalVolume): string | undefined => {
  const { generation = 0 } = metadata;
  return status?.conditions?.find(
    ({ reason, observedGeneration = generation }) =>
      reason === REASON_OUT_OF_CAPACITY && observedGeneration >= generation,
  )?.message;
};

/** The agent's own sentence about why the volume is not ready. */
export const agentMessage = (volume: LogicalVolume): string =>
  readyCondition(volume)?.message || 'the agent gave no reason';

const readyCondition = (volume: LogicalVolume) =>
  volume.status?.conditions?.find((condition) => condition.type === CONDITION_READY && condition.status === 'False');
