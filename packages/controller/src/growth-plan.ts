import { PRE_RESIZE_CAPACITY_ANNOTATION } from '@berth/contract/names';
import { formatBytes, formatQuantity, parseQuantity } from '@berth/contract/quantity';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '@berth/kube/types';
import type { GroupState } from '@berth/placement/model';
import { type Action, type EventAction, type Plan, WAIT } from './action.ts';
import { requestedBytes } from './claim-request.ts';
import {
  growing,
  grown,
  grownButForFileSystem,
  notGrowing,
  type ResizeObstacle,
  refusedByNodeAt,
  resizeStepOf,
} from './claim-resize-status.ts';
import { shortageOf } from './growth-shortage.ts';
import { growthRefusal, isManagedByCsi } from './logical-volume.ts';
import { isOurs } from './persistent-volume.ts';

/** All that decides whether and how a claim's volume grows. */
export interface GrowthState {
  readonly claim: PersistentVolumeClaim | undefined;
  readonly storageClass: StorageClass | undefined;
  /** The PersistentVolume that the claim names. */
  readonly persistentVolume: PersistentVolume | undefined;
  /** The LogicalVolume behind it. */
  readonly logicalVolume: LogicalVolume | undefined;
  /** The volume group it is in, this volume counted with the larger of what it has and what it asks for. */
  readonly group: GroupState | undefined;
  readonly now: Date;
}

/**
 * After the agent refused although the numbers promised room, it is asked again for the same size no sooner than this, whatever the
 * numbers say meanwhile: two claims that both want what the agent does not find would otherwise take turns without a pause.
 */
const RETRY_MS = 60_000;

/**
 * What to do for a bound claim that asks for more than it has. Pure. The order is external-resizer's: claim status,
 * logical volume, persistent volume, claim status; kubelet then grows the file system and says so. A size that the node
 * can't give leaves the volume as it is, so that the user may ask for less (KEP-1790) or wait for room.
 */
export const planGrowth = (state: GrowthState): Plan => {
  const found = boundVolume(state);
  if (found === undefined) return WAIT;
  const { claim, persistentVolume, hasBytes } = found;
  const asked = requestedBytes(claim);
  if (asked <= hasBytes) return forgetSizeBefore(persistentVolume, hasBytes);
  const step = resizeStepOf(claim);
  const isWithKubelet = step === 'NodeResizePending' || step === 'NodeResizeInProgress';
  if (isWithKubelet && capacityOf(persistentVolume) >= allocatedBytes(claim, asked)) return WAIT;
  // What kubelet could not do is offered again before something else is tried.
  const target = step === 'NodeResizeInfeasible' ? allocatedBytes(claim, asked) : asked;
  const growth = { ...found, target, step };
  return found.realBytes >= target ? planGrown(growth) : planRaise(growth);
};

interface Bound extends GrowthState {
  readonly claim: PersistentVolumeClaim;
  readonly persistentVolume: PersistentVolume;
  readonly logicalVolume: LogicalVolume;
  /** Bytes that the user sees. */
  readonly hasBytes: number;
  /** Bytes on disk. */
  readonly realBytes: number;
}

interface Growth extends Bound {
  /** Bytes to grow to. */
  readonly target: number;
  readonly step: string | undefined;
}

const boundVolume = (state: GrowthState): Bound | undefined => {
  const { claim, persistentVolume, logicalVolume } = state;
  if (!claim || !persistentVolume || !logicalVolume) return undefined;
  const isBound = isOurs(persistentVolume) && persistentVolume.spec?.claimRef?.uid === claim.metadata?.uid;
  const has = claim.status?.capacity?.storage;
  if (isManagedByCsi(logicalVolume)) return undefined;
  const isLeaving = [claim, persistentVolume, logicalVolume].some(({ metadata }) => metadata?.deletionTimestamp);
  const real = logicalVolume.status?.size;
  if (!isBound || isLeaving || has === undefined || real === undefined) return undefined;
  const sizes = { hasBytes: parseQuantity(has), realBytes: parseQuantity(real) };
  return { ...state, claim, persistentVolume, logicalVolume, ...sizes };
};

/** The volume on disk is as large as asked for: the objects follow, and the file system. */
const planGrown = (growth: Growth): Plan => {
  const { claim, persistentVolume, logicalVolume, realBytes, target, now } = growth;
  const size = formatQuantity(realBytes);
  const isBlock = logicalVolume.spec.volumeMode === 'Block';
  const sizeBefore = isBlock ? undefined : claim.status?.capacity?.storage;
  // The claim asked for more before, and for less when the volume had grown part of the way.
  const actions: Action[] = takeBack(growth);
  if (capacityOf(persistentVolume) < realBytes) {
    actions.push({ kind: 'resizePersistentVolume', persistentVolume, size, sizeBefore });
  }
  const status = isBlock ? grown(claim, size) : grownButForFileSystem(claim, formatQuantity(target), now);
  actions.push({ kind: 'patchClaimStatus', claim, status });
  const message = `the volume has grown to ${formatBytes(realBytes)}`;
  const next = isBlock ? message : `${message}; kubelet grows the file system where it is mounted`;
  const reason = isBlock ? 'VolumeResizeSuccessful' : 'FileSystemResizeRequired';
  return { actions: [...actions, tell(claim, { type: 'Normal', reason, message: next })] };
};

const planRaise = (growth: Growth): Plan => {
  const { logicalVolume, storageClass, target } = growth;
  const asked = parseQuantity(logicalVolume.spec.size);
  // The user asks for less than before.
  if (asked > target) return raise(growth);
  if (asked === target) {
    const refusal = growthRefusal(logicalVolume);
    if (refusal !== undefined) {
      return fail(growth, 'RefusedByNode', `node ${logicalVolume.spec.nodeName} cannot: ${refusal}`);
    }
    return growth.step === 'ControllerResizeInProgress' ? WAIT : raise(growth);
  }
  if (storageClass && storageClass.allowVolumeExpansion !== true) {
    const name = storageClass.metadata?.name;
    const message = `StorageClass ${name} does not allow volumes to grow; set allowVolumeExpansion: true there`;
    return fail(growth, 'ExpansionNotAllowed', message);
  }
  const leftMs = pauseLeftMs(growth);
  if (leftMs > 0) return { actions: [], againAfterMs: leftMs };
  const shortage = shortageOf(growth);
  return shortage === undefined ? raise(growth) : fail(growth, 'NoRoomOnDisks', shortage);
};

const pauseLeftMs = ({ claim, target, step, now }: Growth): number => {
  const isAboutThis = step === 'ControllerResizeInfeasible' && allocatedBytes(claim, 0) === target;
  const refusedAt = isAboutThis ? refusedByNodeAt(claim) : undefined;
  return refusedAt === undefined ? 0 : refusedAt + RETRY_MS - now.getTime();
};

const raise = ({ claim, logicalVolume, target, step, now }: Growth): Plan => {
  const size = formatQuantity(target);
  const actions: Action[] = [];
  // A controller that died after this need not say it twice.
  const isToldAlready = step === 'ControllerResizeInProgress' && allocatedBytes(claim, 0) === target;
  if (!isToldAlready) {
    const message = `growing volume ${logicalVolume.metadata.name} to ${formatBytes(target)}`;
    actions.push({ kind: 'patchClaimStatus', claim, status: growing(claim, size, now) });
    actions.push(tell(claim, { type: 'Normal', reason: 'Resizing', message }));
  }
  if (parseQuantity(logicalVolume.spec.size) !== target) {
    actions.push({ kind: 'resizeLogicalVolume', logicalVolume, size });
  }
  return { actions };
};

/** Takes back from the agent what it has not given yet, so that it claims no room. */
const takeBack = ({ logicalVolume, realBytes }: Growth): Action[] =>
  parseQuantity(logicalVolume.spec.size) > realBytes
    ? [{ kind: 'resizeLogicalVolume', logicalVolume, size: formatQuantity(realBytes) }]
    : [];

/** Takes the request back, and tells the user. */
const fail = (growth: Growth, reason: ResizeObstacle, message: string): Plan => {
  const { claim, target, step, now } = growth;
  const actions: Action[] = [];
  const isToldAlready =
    step === 'ControllerResizeInfeasible' &&
    allocatedBytes(claim, 0) === target &&
    (claim.status?.conditions ?? []).some((condition) => condition.message === message);
  if (!isToldAlready) {
    const status = notGrowing(claim, formatQuantity(target), { reason, message, now });
    actions.push({ kind: 'patchClaimStatus', claim, status });
    actions.push(tell(claim, { type: 'Warning', reason: 'VolumeResizeFailed', message }));
  }
  return { actions: [...actions, ...takeBack(growth)] };
};

/** The claim shows the new size, so the old one has nothing more to tell. */
const forgetSizeBefore = (persistentVolume: PersistentVolume, hasBytes: number): Plan => {
  const size = persistentVolume.spec?.capacity?.storage;
  const isRemembered = persistentVolume.metadata?.annotations?.[PRE_RESIZE_CAPACITY_ANNOTATION] !== undefined;
  if (!isRemembered || size === undefined || hasBytes < parseQuantity(size)) return WAIT;
  return { actions: [{ kind: 'resizePersistentVolume', persistentVolume, size, sizeBefore: undefined }] };
};

const capacityOf = ({ spec }: PersistentVolume): number => parseQuantity(spec?.capacity?.storage ?? '0');

const allocatedBytes = ({ status }: PersistentVolumeClaim, otherwise: number): number => {
  const allocated = status?.allocatedResources?.storage;
  return allocated === undefined ? otherwise : parseQuantity(allocated);
};

const tell = (object: PersistentVolumeClaim, facts: Pick<EventAction, 'type' | 'reason' | 'message'>): EventAction => ({
  kind: 'event',
  about: { kind: 'PersistentVolumeClaim', object },
  ...facts,
});
