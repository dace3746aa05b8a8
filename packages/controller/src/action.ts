import type { Condition } from '@berth/contract/conditions';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@berth/kube/types';

/** One thing to do, as data. Every action may be done twice: the second time changes nothing. */
export type Action =
  | { readonly kind: 'createLogicalVolume'; readonly logicalVolume: LogicalVolume }
  | { readonly kind: 'createPersistentVolume'; readonly persistentVolume: PersistentVolume }
  | { readonly kind: 'clearSelectedNode'; readonly claim: PersistentVolumeClaim }
  | { readonly kind: 'deleteLogicalVolume'; readonly logicalVolume: LogicalVolume }
  | { readonly kind: 'deletePersistentVolume'; readonly persistentVolume: PersistentVolume }
  /** Asks the agent for another size; the volume on disk never shrinks. */
  | { readonly kind: 'resizeLogicalVolume'; readonly logicalVolume: LogicalVolume; readonly size: string }
  /** Says the new size, and the claim's size before until the file system has grown too (undefined: it has). */
  | {
      readonly kind: 'resizePersistentVolume';
      readonly persistentVolume: PersistentVolume;
      readonly size: string;
      readonly sizeBefore: string | undefined;
    }
  /** Merged into the claim's status; null removes. */
  | { readonly kind: 'patchClaimStatus'; readonly claim: PersistentVolumeClaim; readonly status: object }
  /** Removes the agent's finalizer, for a node that no longer exists. */
  | { readonly kind: 'releaseLogicalVolume'; readonly logicalVolume: LogicalVolume }
  /** Removes the controller's finalizer. */
  | { readonly kind: 'releasePersistentVolume'; readonly persistentVolume: PersistentVolume }
  /** Sets (RFC 3339 time) or removes (undefined) one of the marks of mark.ts. */
  | {
      readonly kind: 'markLogicalVolume';
      readonly logicalVolume: LogicalVolume;
      readonly mark: string;
      readonly time: string | undefined;
    }
  /** Replaces the list of conditions; what the agent says in it is kept by whoever makes the list. */
  | {
      readonly kind: 'setLogicalVolumeConditions';
      readonly logicalVolume: LogicalVolume;
      readonly conditions: readonly Condition[];
    }
  | EventAction;

export interface EventAction {
  readonly kind: 'event';
  readonly about: EventSubject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  /** A sentence for the person who wrote the claim. */
  readonly message: string;
  /** Replaces what was told with this reason before; see EventText. */
  readonly standing?: boolean;
}

export type EventSubject =
  | { readonly kind: 'PersistentVolumeClaim'; readonly object: PersistentVolumeClaim }
  | { readonly kind: 'PersistentVolume'; readonly object: PersistentVolume }
  | { readonly kind: 'LogicalVolume'; readonly object: LogicalVolume }
  | { readonly kind: 'Pod'; readonly object: Pod };

/** What to do now, in this order, and when to look again although nothing changed (milliseconds). */
export interface Plan {
  readonly actions: readonly Action[];
  readonly againAfterMs?: number;
}

/** Nothing to do, or nothing before something changes. */
export const WAIT: Plan = { actions: [] };

/**
 * Whether a plan may be carried out only when it was made from objects read from the API just now. Creating is safe
 * from a cache, because names are derived from uids; to delete, to undo a decision, or to complain is not.
 */
export const needsFreshState = (plan: Plan): boolean => plan.actions.some((action) => !isSafeFromCache(action));

const isSafeFromCache = (action: Action): boolean => {
  if (action.kind === 'event') return action.type === 'Normal';
  return action.kind === 'createLogicalVolume' || action.kind === 'createPersistentVolume';
};
