import { LOGICAL_VOLUME_FINALIZER, PERSISTENT_VOLUME_FINALIZER } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { PersistentVolume, PersistentVolumeClaim } from '@berth/kube/types';
import { type Action, type Plan, WAIT } from './action.ts';
import { AGENT_PATIENCE_MS, agentMessage, isManagedByCsi } from './logical-volume.ts';
import { markedAt, marksOf, ORPHANED_SINCE, RETAINED_SINCE } from './mark.ts';
import { isMadeBySidecar, isProvisionedByUs } from './persistent-volume.ts';
import { sayUnclaimed } from './unclaimed.ts';

/** All that decides what happens to a volume once it exists. */
export interface VolumeState {
  readonly logicalVolume: LogicalVolume | undefined;
  /** The PersistentVolume whose volume handle names the logical volume. */
  readonly persistentVolume: PersistentVolume | undefined;
  /** The claim that either of them names, only if it has the uid they name. */
  readonly claim: PersistentVolumeClaim | undefined;
  /** Whether the claim was seen to go before it ever had a volume. */
  readonly claimVanished: boolean;
  /** Whether the Node object of the logical volume's node exists. */
  readonly nodeExists: boolean;
  readonly now: Date;
  /** How long a volume stays marked as orphaned before it is deleted, in milliseconds. */
  readonly orphanGraceMs: number;
}

/**
 * What to do for a volume on its way out. Pure. A persistent volume of ours goes in this order: logical volume, agent's
 * finalizer, our finalizer; so nothing on a disk is ever without an object that says so.
 */
export const planVolume = (state: VolumeState): Plan => {
  const { logicalVolume, persistentVolume } = state;
  const release = logicalVolume ? releaseOfGoneNode(logicalVolume, state.nodeExists) : [];
  if (release.length > 0) return { actions: release };
  if (isOfSidecars(state)) return WAIT;
  if (persistentVolume) return planPersistentVolume(state, persistentVolume);
  return logicalVolume ? planUnpublished(state, logicalVolume) : WAIT;
};

/** What external-provisioner made, it also ends: by calls that make or delete the LogicalVolume. */
const isOfSidecars = ({ logicalVolume, persistentVolume }: VolumeState): boolean =>
  logicalVolume ? isManagedByCsi(logicalVolume) : persistentVolume !== undefined && isMadeBySidecar(persistentVolume);

const releaseOfGoneNode = (logicalVolume: LogicalVolume, nodeExists: boolean): readonly Action[] => {
  const { deletionTimestamp, finalizers = [] } = logicalVolume.metadata;
  if (nodeExists || !deletionTimestamp || !finalizers.includes(LOGICAL_VOLUME_FINALIZER)) return [];
  return [{ kind: 'releaseLogicalVolume', logicalVolume }];
};

const planPersistentVolume = (state: VolumeState, persistentVolume: PersistentVolume): Plan => {
  if (!isInUse(state, persistentVolume)) {
    if (isHeldInDeletion(persistentVolume)) return planDeletion(state, persistentVolume);
    if (isToBeReclaimed(persistentVolume)) return planDeletion(state, persistentVolume);
  }
  if (persistentVolume.metadata?.deletionTimestamp) return WAIT;
  if (state.logicalVolume === undefined) return lostVolume(persistentVolume);
  if (!state.nodeExists) return goneNode(state, state.logicalVolume, persistentVolume);
  return removeMarks(state.logicalVolume, state.now);
};

/** A volume out of reach; whether its data is given up is decided elsewhere (recovery), or by a person. */
const goneNode = ({ claim }: VolumeState, { spec }: LogicalVolume, persistentVolume: PersistentVolume): Plan => {
  const message = `node ${spec.nodeName}, which holds this volume, does not exist any more; bring it back, or delete claim and pod to start again with a new, empty volume`;
  const warning = { kind: 'event', type: 'Warning', reason: 'NodeGone', message } as const;
  const actions: Action[] = [{ ...warning, about: { kind: 'PersistentVolume', object: persistentVolume } }];
  if (claim) actions.push({ ...warning, about: { kind: 'PersistentVolumeClaim', object: claim } });
  return { actions };
};

/** In use is what the claim says, and, until the claim says something, what the volume says. */
const isInUse = ({ claim }: VolumeState, persistentVolume: PersistentVolume): boolean => {
  if (claim === undefined) return false;
  const bound = claim.spec?.volumeName;
  return bound ? bound === persistentVolume.metadata?.name : persistentVolume.status?.phase === 'Bound';
};

const isHeldInDeletion = ({ metadata }: PersistentVolume): boolean =>
  metadata?.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(PERSISTENT_VOLUME_FINALIZER);

const isToBeReclaimed = (persistentVolume: PersistentVolume): boolean =>
  persistentVolume.metadata?.deletionTimestamp === undefined &&
  persistentVolume.status?.phase === 'Released' &&
  isProvisionedByUs(persistentVolume) &&
  reclaims(persistentVolume);

/** Kubernetes' default for a policy that is not set is Retain (PersistentVolumeSpec). */
const reclaims = ({ spec }: PersistentVolume): boolean => spec?.persistentVolumeReclaimPolicy === 'Delete';

const planDeletion = ({ logicalVolume, now }: VolumeState, persistentVolume: PersistentVolume): Plan => {
  const release: Action = { kind: 'releasePersistentVolume', persistentVolume };
  if (!reclaims(persistentVolume)) return { actions: [...retain(logicalVolume, now), release] };
  if (logicalVolume) {
    return logicalVolume.metadata.deletionTimestamp
      ? planRemovalAwaited(logicalVolume, persistentVolume, now)
      : { actions: [{ kind: 'deleteLogicalVolume', logicalVolume }] };
  }
  return {
    actions: [
      persistentVolume.metadata?.deletionTimestamp ? release : { kind: 'deletePersistentVolume', persistentVolume },
    ],
  };
};

/** Only the agent may say that the data is gone; for a node that exists nobody does it in its place. */
const planRemovalAwaited = (logicalVolume: LogicalVolume, object: PersistentVolume, now: Date): Plan => {
  const { deletionTimestamp } = logicalVolume.metadata;
  const waitedMs = now.getTime() - Date.parse(deletionTimestamp ?? now.toISOString());
  if (waitedMs < AGENT_PATIENCE_MS) return { actions: [], againAfterMs: AGENT_PATIENCE_MS - waitedMs };
  const message = `the agent of node ${logicalVolume.spec.nodeName} has not removed the logical volume yet: ${agentMessage(logicalVolume)}`;
  const about = { kind: 'PersistentVolume', object } as const;
  return {
    actions: [{ kind: 'event', about, type: 'Warning', reason: 'RemovalDelayed', message }],
    againAfterMs: AGENT_PATIENCE_MS,
  };
};

const retain = (logicalVolume: LogicalVolume | undefined, now: Date): readonly Action[] => {
  if (logicalVolume === undefined || marksOf(logicalVolume).includes(RETAINED_SINCE)) return [];
  return [{ kind: 'markLogicalVolume', logicalVolume, mark: RETAINED_SINCE, time: now.toISOString() }];
};

/** Each write changes the object's version, so the rest follows when the change is seen. */
const removeMarks = (logicalVolume: LogicalVolume, now: Date): Plan => {
  const [mark] = marksOf(logicalVolume);
  if (mark === undefined) return { actions: sayUnclaimed(logicalVolume, undefined, now) };
  return { actions: [{ kind: 'markLogicalVolume', logicalVolume, mark, time: undefined }] };
};

const lostVolume = (persistentVolume: PersistentVolume): Plan => {
  const message = `the LogicalVolume ${persistentVolume.spec?.csi?.volumeHandle} behind this volume is gone, and its data with it; delete the claim to get a new, empty volume`;
  const about = { kind: 'PersistentVolume', object: persistentVolume } as const;
  return { actions: [{ kind: 'event', about, type: 'Warning', reason: 'VolumeLost', message }] };
};

const planUnpublished = (state: VolumeState, logicalVolume: LogicalVolume): Plan => {
  if (logicalVolume.metadata.deletionTimestamp) return WAIT;
  if (state.claim) return removeMarks(logicalVolume, state.now);
  const retainedSince = logicalVolume.metadata.annotations?.[RETAINED_SINCE];
  if (retainedSince !== undefined) {
    const message = `its persistent volume was deleted under the reclaim policy Retain at ${retainedSince}; delete this LogicalVolume to remove its data, or make a PersistentVolume with its name as volume handle`;
    return { actions: sayUnclaimed(logicalVolume, { reason: 'Retained', message }, state.now) };
  }
  if (state.claimVanished) return { actions: [{ kind: 'deleteLogicalVolume', logicalVolume }] };
  return planOrphan(state, logicalVolume);
};

/** Two phases: the mark is seen by people and by the next leader, and only an old mark deletes. */
const planOrphan = ({ now, orphanGraceMs }: VolumeState, logicalVolume: LogicalVolume): Plan => {
  const since = markedAt(logicalVolume, ORPHANED_SINCE);
  if (since === undefined) {
    return {
      actions: [{ kind: 'markLogicalVolume', logicalVolume, mark: ORPHANED_SINCE, time: now.toISOString() }],
      againAfterMs: orphanGraceMs,
    };
  }
  const unknown = `neither a claim nor a persistent volume has known this volume since ${new Date(since).toISOString()}`;
  const end = since + orphanGraceMs;
  if (end > now.getTime()) {
    const message = `${unknown}; it is deleted at ${new Date(end).toISOString()} unless one appears`;
    const actions = sayUnclaimed(logicalVolume, { reason: 'Orphaned', message }, now);
    return { actions, againAfterMs: end - now.getTime() };
  }
  const message = `${unknown}; deleting it`;
  const about = { kind: 'LogicalVolume', object: logicalVolume } as const;
  return {
    actions: [
      { kind: 'event', about, type: 'Warning', reason: 'Orphaned', message },
      { kind: 'deleteLogicalVolume', logicalVolume },
    ],
  };
};
