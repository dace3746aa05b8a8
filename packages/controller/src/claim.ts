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

/** Keys (`namespace/name`) of the claims that the pod mounts, by name or as generic ephemeral volumes. */
export const claimKeysOf = (pod: Pod): readonly string[] =>
  (pod.spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    const claimName = persistentVolumeClaim?.claimName ?? (ephemeral && `${pod.metadata?.name}-${name}`);
    return claimName === undefined ? [] : [`${pod.metadata?.namespace}/${claimName}`];
  });

/** Whether the pod mounts the claim. */
export const usesClaim = (pod: Pod, { metadata }: PersistentVolumeClaim): boolean =>
  claimKeysOf(pod).includes(`${metadata?.namespace}/${metadata?.name}`);
