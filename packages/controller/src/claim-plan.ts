import { AppError } from '@berth/contract/errors';
import { DRIVER_NAME, volumeName } from '@berth/contract/names';
import { formatBytes } from '@berth/contract/quantity';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '@berth/kube/types';
import { type Action, type EventAction, type Plan, WAIT } from './action.ts';
import { isUnschedulable } from './capacity/no-room.ts';
import { isHandedToUs, selectedNodeOf, waitsForConsumer } from './claim.ts';
import { parseClaim, requestedBytes, type VolumeRequest } from './claim-request.ts';
import {
  AGENT_PATIENCE_MS,
  agentMessage,
  buildLogicalVolume,
  isManagedByCsi,
  isOutOfCapacity,
} from './logical-volume.ts';
import { buildPersistentVolume, sizeOf } from './persistent-volume.ts';
import type { Choice } from './volume-placement.ts';

/** Where a volume of a claim with volumeBindingMode Immediate may go. */
export type PlaceClaim = (question: PlaceQuestion) => Choice;

export interface PlaceQuestion {
  readonly claim: PersistentVolumeClaim;
  readonly storageClass: StorageClass;
  readonly request: VolumeRequest;
}

/** So that the numbers keep up with the cluster; events are kept for an hour. */
const EXPLAIN_AGAIN_MS = 10 * 60_000;

/** All that decides what happens to a claim. */
export interface ClaimState {
  readonly claim: PersistentVolumeClaim | undefined;
  readonly storageClass: StorageClass | undefined;
  /** The Node object of the chosen node: of the LogicalVolume if there is one, else of selected-node. */
  readonly node: Node | undefined;
  readonly logicalVolume: LogicalVolume | undefined;
  /** The PersistentVolume that the claim's logical volume stands behind. */
  readonly persistentVolume: PersistentVolume | undefined;
  /** A pod that waits for the claim. */
  readonly pod: Pod | undefined;
  readonly place: PlaceClaim;
  /** Why no node has room for the claim, as a sentence; undefined when some node has. */
  readonly noRoom: (question: PlaceQuestion) => string | undefined;
  readonly now: Date;
}

/**
 * What to do for a claim on its way to a volume. Pure. Claims of other drivers, and claims that have their volume,
 * get nothing; what happens to a volume after its claim is planVolume's.
 */
export const planClaim = (state: ClaimState): Plan => {
  const { claim, logicalVolume, persistentVolume } = state;
  if (claim === undefined || !concernsUs(state, claim)) return WAIT;
  // A sidecar was quicker; it goes on.
  if (logicalVolume && isManagedByCsi(logicalVolume)) return WAIT;
  const unpublished = persistentVolume === undefined ? logicalVolume : undefined;
  if (logicalVolume && logicalVolume.spec.claim.uid !== claim.metadata?.uid) {
    return warn(claim, 'ProvisioningFailed', `a LogicalVolume ${logicalVolume.metadata.name} of another claim exists`);
  }
  // A claim with volumeName has its volume; one that is being deleted without volumeName never had one.
  if (claim.spec?.volumeName) {
    return claim.spec.volumeName === volumeName(claim.metadata?.uid ?? '') ? WAIT : drop(unpublished);
  }
  if (claim.metadata?.deletionTimestamp) return drop(unpublished);
  if (persistentVolume) return planPublished(claim, persistentVolume);
  if (state.storageClass === undefined) return missingClass(claim);
  return logicalVolume
    ? planExisting({ ...state, claim, storageClass: state.storageClass, logicalVolume })
    : planNew({ ...state, claim, storageClass: state.storageClass });
};

type Known = ClaimState & { readonly claim: PersistentVolumeClaim; readonly storageClass: StorageClass };
type Existing = Known & { readonly logicalVolume: LogicalVolume };

const concernsUs = ({ storageClass }: ClaimState, claim: PersistentVolumeClaim): boolean =>
  storageClass === undefined ? isHandedToUs(claim) : storageClass.provisioner === DRIVER_NAME;

const planPublished = (claim: PersistentVolumeClaim, volume: PersistentVolume): Plan =>
  volume.spec?.claimRef?.uid === claim.metadata?.uid
    ? WAIT
    : warn(claim, 'ProvisioningFailed', `a PersistentVolume ${volume.metadata?.name} of another claim exists`);

const planNew = (state: Known): Plan => {
  const { claim, storageClass, node, pod } = state;
  const request = attempt(() => parseClaim(claim, storageClass));
  if (request instanceof AppError) return warn(claim, 'ProvisioningRefused', request.message);
  if (waitsForConsumer(storageClass) && selectedNodeOf(claim) === undefined) return explainWaiting(state, request);
  if (!isHandedToUs(claim)) return WAIT;
  const choice = waitsForConsumer(storageClass) ? selectedNodeOf(claim) : state.place({ claim, storageClass, request });
  if (choice === undefined) return WAIT;
  if (typeof choice === 'object' && 'reason' in choice) {
    return { ...warn(claim, 'ProvisioningFailed', choice.reason), againAfterMs: 30_000 };
  }
  if (typeof choice === 'string' && node === undefined) return scheduleAgain(state, goneSentence(choice));
  const nodeName = typeof choice === 'string' ? choice : choice.nodeName;
  const message = `making a volume of ${formatBytes(request.bytes)} on the ${request.medium} disks of node ${nodeName}`;
  return {
    actions: [
      { kind: 'createLogicalVolume', logicalVolume: buildLogicalVolume({ claim, request, nodeName, pod }) },
      event(claim, { type: 'Normal', reason: 'Provisioning', message }),
    ],
  };
};

/** While no node is chosen the pod waits, and its own events do not have our numbers. */
const explainWaiting = ({ claim, storageClass, pod, noRoom }: Known, request: VolumeRequest): Plan => {
  if (pod === undefined || !isUnschedulable(pod)) return WAIT;
  const message = noRoom({ claim, storageClass, request });
  if (message === undefined) return WAIT;
  const about = { kind: 'Pod', object: pod } as const;
  return {
    actions: [{ kind: 'event', about, type: 'Warning', reason: 'NoRoomOnDisks', message, standing: true }],
    againAfterMs: EXPLAIN_AGAIN_MS,
  };
};

const planExisting = (state: Existing): Plan => {
  const { claim, storageClass, logicalVolume, node } = state;
  const { nodeName } = logicalVolume.spec;
  if (logicalVolume.metadata.deletionTimestamp) return WAIT;
  if (waitsForConsumer(storageClass) && selectedNodeOf(claim) !== nodeName) return drop(logicalVolume);
  if (node === undefined) return scheduleAgain(state, goneSentence(nodeName));
  if (isOutOfCapacity(logicalVolume)) {
    return scheduleAgain(state, `node ${nodeName} has no room for the volume: ${agentMessage(logicalVolume)}`);
  }
  if (logicalVolume.status?.phase === 'Failed') {
    const sentence = `node ${nodeName} could not make the volume and tries again: ${agentMessage(logicalVolume)}`;
    return warn(claim, 'ProvisioningFailed', sentence);
  }
  if (logicalVolume.status?.phase !== 'Ready') return planAwaited(state);
  return planReady(state);
};

/** The agent has the volume in hand, or there is none: its node may lack the pod, or be out of order. */
const planAwaited = ({ claim, logicalVolume, now }: Existing): Plan => {
  const waitedMs = now.getTime() - Date.parse(logicalVolume.metadata.creationTimestamp ?? now.toISOString());
  if (waitedMs < AGENT_PATIENCE_MS) return { actions: [], againAfterMs: AGENT_PATIENCE_MS - waitedMs };
  const { nodeName } = logicalVolume.spec;
  const sentence =
    logicalVolume.status === undefined
      ? `the agent of node ${nodeName} has not taken up the volume; see that the node is ready and a pod of the DaemonSet berth-agent runs there`
      : `the agent of node ${nodeName} has not finished the volume: ${agentMessage(logicalVolume)}`;
  return { ...warn(claim, 'ProvisioningDelayed', sentence), againAfterMs: AGENT_PATIENCE_MS };
};

const planReady = ({ claim, storageClass, logicalVolume }: Existing): Plan => {
  const size = attempt(() => ({ real: sizeOf(logicalVolume), asked: requestedBytes(claim) }));
  if (size instanceof AppError) return warn(claim, 'ProvisioningFailed', size.message);
  if (size.real < size.asked) {
    const sentence = `the volume has ${formatBytes(size.real)}, less than the ${formatBytes(size.asked)} asked for`;
    return warn(claim, 'ProvisioningFailed', `${sentence}; waiting for the agent of ${logicalVolume.spec.nodeName}`);
  }
  const { name } = logicalVolume.metadata;
  const message = `made volume ${name} of ${formatBytes(size.real)} on node ${logicalVolume.spec.nodeName}`;
  return {
    actions: [
      {
        kind: 'createPersistentVolume',
        persistentVolume: buildPersistentVolume({ claim, storageClass, logicalVolume }),
      },
      event(claim, { type: 'Normal', reason: 'ProvisioningSucceeded', message }),
    ],
  };
};

/**
 * Undoes the choice of the node. The annotation goes first: when a crash comes between the two, what is left is a
 * LogicalVolume where no decision is, which is dropped; the other way round it would be made again on the same node.
 */
const scheduleAgain = ({ claim, storageClass, logicalVolume }: Known, sentence: string): Plan => {
  const actions: Action[] = [
    event(claim, { type: 'Warning', reason: 'ProvisioningFailed', message: `${sentence}; choosing a node again` }),
  ];
  if (storageClass && waitsForConsumer(storageClass)) actions.push({ kind: 'clearSelectedNode', claim });
  return { actions: [...actions, ...drop(logicalVolume).actions] };
};

const drop = (logicalVolume: LogicalVolume | undefined): Plan =>
  logicalVolume === undefined || logicalVolume.metadata.deletionTimestamp
    ? WAIT
    : { actions: [{ kind: 'deleteLogicalVolume', logicalVolume }] };

const goneSentence = (nodeName: string): string => `node ${nodeName} does not exist any more`;

const missingClass = (claim: PersistentVolumeClaim): Plan => {
  const name = claim.spec?.storageClassName;
  return warn(claim, 'ProvisioningFailed', `StorageClass ${name} does not exist; make it, or make the claim again`);
};

const warn = (claim: PersistentVolumeClaim, reason: string, message: string): Plan => ({
  actions: [event(claim, { type: 'Warning', reason, message })],
});

const event = (
  object: PersistentVolumeClaim,
  facts: Pick<EventAction, 'type' | 'reason' | 'message'>,
): EventAction => ({ kind: 'event', about: { kind: 'PersistentVolumeClaim', object }, ...facts });

const attempt = <T>(work: () => T): T | AppError => {
  try {
    return work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
};
