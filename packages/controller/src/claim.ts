import { DRIVER_NAME, SELECTED_NODE_ANNOTATION, STORAGE_PROVISIONER_ANNOTATION } from '@berth/contract/names';
import type { PersistentVolumeClaim, Pod, StorageClass } from '@berth/kube/types';

/** The name of the node that kube-scheduler chose, if it has. */
export const selectedNodeOf = (claim: PersistentVolumeClaim): string | undefined =>
  claim.metadata?.annotations?.[SELECTED_NODE_ANNOTATION] || undefined;

/** Whether the PV controller has handed the claim to us, which it does once no existing volume fits. */
export const isHandedToUs = (claim: PersistentVolumeClaim): boolean =>
  claim.metadata?.annotations?.[STORAGE_PROVISIONER_ANNOTATION] === DRIVER_NAME;

/** Whether a claim of this class waits for a pod to be scheduled before it gets a volume. */
export const waitsForConsumer = (storageClass: StorageClass): boolean =>
  storageClass.volumeBindingMode === 'WaitForFirstConsumer';

/** Whether the pod mounts the claim, by name or as a generic ephemeral volume. */
export const usesClaim = (pod: Pod, claim: PersistentVolumeClaim): boolean =>
  pod.metadata?.namespace === claim.metadata?.namespace &&
  (pod.spec?.volumes ?? []).some(
    (volume) =>
      volume.persistentVolumeClaim?.claimName === claim.metadata?.name ||
      (volume.ephemeral !== undefined && `${pod.metadata?.name}-${volume.name}` === claim.metadata?.name),
  );
