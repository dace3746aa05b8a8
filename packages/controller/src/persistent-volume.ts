import {
  DRIVER_NAME,
  PARAMETER_MKFS_OPTIONS,
  PERSISTENT_VOLUME_FINALIZER,
  PROVISIONED_BY_ANNOTATION,
  TOPOLOGY_KEY,
} from '@berth/contract/names';
import { formatQuantity, parseQuantity } from '@berth/contract/quantity';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '@berth/kube/types';

/** Key of the volume attribute that tells the medium to people and to metrics; the agent does not need it. */
const ATTRIBUTE_MEDIUM = `${DRIVER_NAME}/medium`;

export interface PersistentVolumeInput {
  readonly claim: PersistentVolumeClaim;
  readonly storageClass: StorageClass;
  /** Ready: with the size it really has. */
  readonly logicalVolume: LogicalVolume;
}

/**
 * The PersistentVolume of a claim, bound to it beforehand by uid and pinned to the node that holds the logical volume.
 * Its capacity is what the logical volume really has, which is what was asked for rounded up to whole extents.
 */
export const buildPersistentVolume = (input: PersistentVolumeInput): PersistentVolume => {
  const { claim, storageClass, logicalVolume } = input;
  const { name } = logicalVolume.metadata;
  const { nodeName, fsType, volumeMode } = logicalVolume.spec;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name,
      annotations: { [PROVISIONED_BY_ANNOTATION]: DRIVER_NAME },
      finalizers: [PERSISTENT_VOLUME_FINALIZER],
    },
    spec: {
      accessModes: [...(claim.spec?.accessModes ?? ['ReadWriteOnce'])],
      capacity: { storage: formatQuantity(sizeOf(logicalVolume)) },
      claimRef: claimReference(claim),
      csi: {
        driver: DRIVER_NAME,
        volumeHandle: name,
        volumeAttributes: attributesOf(logicalVolume),
        ...(fsType && { fsType }),
      },
      ...(storageClass.mountOptions?.length && { mountOptions: [...storageClass.mountOptions] }),
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: TOPOLOGY_KEY, operator: 'In', values: [nodeName] }] }],
        },
      },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata?.name ?? '',
      volumeMode,
    },
  };
};

/** What kubelet tells the agent of a volume beside its name. */
export const attributesOf = ({ spec: { medium, mkfsOptions } }: LogicalVolume): Record<string, string> => ({
  [ATTRIBUTE_MEDIUM]: medium,
  ...(mkfsOptions && { [PARAMETER_MKFS_OPTIONS]: mkfsOptions }),
});

/** Bytes of the volume as the agent made it; of the request as long as the agent has not said. */
export const sizeOf = (volume: LogicalVolume): number => parseQuantity(volume.status?.size ?? volume.spec.size);

/** Whether the volume is served by our driver, whoever made the object. */
export const isOurs = (volume: PersistentVolume): boolean => volume.spec?.csi?.driver === DRIVER_NAME;

/** Volume attribute that external-provisioner adds to every volume it makes. */
const SIDECAR_ATTRIBUTE = 'storage.kubernetes.io/csiProvisionerIdentity';

export const isMadeBySidecar = ({ spec }: PersistentVolume): boolean =>
  spec?.csi?.volumeAttributes?.[SIDECAR_ATTRIBUTE] !== undefined;

/** Whether we made the volume, so that its deletion is ours too. */
export const isProvisionedByUs = (volume: PersistentVolume): boolean =>
  isOurs(volume) && volume.metadata?.annotations?.[PROVISIONED_BY_ANNOTATION] === DRIVER_NAME;

const claimReference = ({ metadata }: PersistentVolumeClaim) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  ...(metadata?.namespace && { namespace: metadata.namespace }),
  ...(metadata?.name && { name: metadata.name }),
  ...(metadata?.uid && { uid: metadata.uid }),
});
