import { toAppError } from '@berth/contract/errors';
import { DRIVER_NAME, SELECTED_NODE_ANNOTATION, volumeName } from '@berth/contract/names';
import { parseQuantity } from '@berth/contract/quantity';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { parseClassParameters } from '@berth/contract/volume-request';
import type { PersistentVolumeClaim, StorageClass } from '@berth/kube/types';
import type { WatchCache } from '@berth/kube/watch-cache';
import type { ClaimFacts, ClaimLookup, ClassFacts } from '@berth/placement/demands';

export interface ClaimCaches {
  readonly claims: WatchCache<PersistentVolumeClaim>;
  readonly classes: WatchCache<StorageClass>;
  readonly volumes: WatchCache<LogicalVolume>;
}

/** Claims and classes as placement asks for them, straight from the caches. */
export const createClaimLookup = ({ claims, classes, volumes }: ClaimCaches): ClaimLookup => ({
  claim: (key) => {
    const claim = claims.get(key);
    return claim && claimFacts(claim, volumes.get(volumeName(claim.metadata?.uid ?? '')));
  },
  storageClass: (name) => {
    const found = classes.get(name);
    return found && classFacts(found);
  },
});

/** The node kube-scheduler has chosen for the claim. */
export const selectedNodeOf = (claim: PersistentVolumeClaim): string | undefined =>
  claim.metadata?.annotations?.[SELECTED_NODE_ANNOTATION] || undefined;

const claimFacts = (claim: PersistentVolumeClaim, volume: LogicalVolume | undefined): ClaimFacts => ({
  uid: claim.metadata?.uid ?? '',
  deleting: claim.metadata?.deletionTimestamp !== undefined,
  className: claim.spec?.storageClassName,
  size: sizeOf(claim),
  block: claim.spec?.volumeMode === 'Block',
  bound: Boolean(claim.spec?.volumeName),
  ownerUids: (claim.metadata?.ownerReferences ?? []).map((owner) => owner.uid),
  volumeNode: volume && isUsable(volume) ? volume.spec.nodeName : undefined,
});

/** A volume that could not be made, or is being removed, does not tie the pod to its node. */
export const isUsable = ({ metadata, status }: LogicalVolume): boolean =>
  metadata.deletionTimestamp === undefined && status?.phase !== 'Failed' && status?.phase !== 'Deleting';

const sizeOf = (claim: PersistentVolumeClaim): number | string => {
  const size = claim.spec?.resources?.requests?.storage;
  if (size === undefined) return 'it asks for no size; set spec.resources.requests.storage';
  try {
    return parseQuantity(String(size));
  } catch (thrown) {
    return toAppError(thrown).message;
  }
};

const classFacts = (found: StorageClass): ClassFacts => {
  if (found.provisioner !== DRIVER_NAME) return { kind: 'foreign' };
  try {
    return { kind: 'ours', parameters: parseClassParameters(found.parameters) };
  } catch (thrown) {
    return { kind: 'invalid', reason: toAppError(thrown).message };
  }
};
