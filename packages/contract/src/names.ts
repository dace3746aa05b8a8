import type { Medium } from './medium.ts';

/** Name of the CSI driver, of the provisioner in a StorageClass, and the prefix of all our keys. */
export const DRIVER_NAME = 'csi.storage.io';

/** Told to those who ask by CSI's Identity service. */
export const DRIVER_VERSION = '0.1.0';

export const API_GROUP = 'csi.storage.io';
export const API_VERSION = 'v1alpha1';

/** StorageClass parameter that names the medium: hdd, ssd or nvme. */
export const PARAMETER_DISK_TYPE = `${DRIVER_NAME}/disk-type`;
/** StorageClass parameter that names the file system; the key is Kubernetes' own. */
export const PARAMETER_FS_TYPE = 'csi.storage.k8s.io/fstype';
/** StorageClass parameter: `spread` (default) or `concentrated`. */
export const PARAMETER_POLICY = `${DRIVER_NAME}/policy`;
/** StorageClass parameter: `preferred` (default) or `required`. */
export const PARAMETER_RACK_SPREAD = `${DRIVER_NAME}/rack-spread`;
/** StorageClass parameter: `none` (default), `node-deleted` or `node-lost`: when a stateful pod may start again empty. */
export const PARAMETER_RECOVERY = `${DRIVER_NAME}/recovery`;

/** StorageClass parameter: `none` (default), `discard` or `zero`: what happens to the data of a volume before it is removed. */
export const PARAMETER_WIPE_POLICY = `${DRIVER_NAME}/wipe-policy`;

/** StorageClass parameter: `linear` (default), `striped` or `raid1`: how a volume lies on the disks of its group. */
export const PARAMETER_LAYOUT = `${DRIVER_NAME}/layout`;
/** StorageClass parameter: over how many disks a striped volume lies, 2 (default) to 8. */
export const PARAMETER_STRIPES = `${DRIVER_NAME}/stripes`;

/** StorageClass parameter, and attribute of a volume: options for mkfs as on a command line; none by default. */
export const PARAMETER_MKFS_OPTIONS = `${DRIVER_NAME}/mkfs-options`;

/** Annotation of a claim whose data may be given up although a guard says no; its value is the claim's uid, so that it is not inherited. */
export const CONFIRM_DATA_LOSS_ANNOTATION = `${DRIVER_NAME}/confirm-data-loss`;

/** Annotation of a StatefulSet: https address that must answer well before one of its members starts again empty. */
export const HEALTH_CHECK_URL_ANNOTATION = `${DRIVER_NAME}/health-check-url`;
/** Annotation of a StatefulSet: Secret of its namespace with the credentials and the CA for that address. */
export const HEALTH_CHECK_SECRET_ANNOTATION = `${DRIVER_NAME}/health-check-secret`;

/** Annotation of a cordoned node, with the value `true`: its stateful pods are to start again elsewhere, one by one. */
export const REMOVE_NODE_ANNOTATION = `${DRIVER_NAME}/remove-node`;

/** Node label that the agent reports to kubelet (NodeGetInfo) and that persistent volumes are pinned by. */
export const TOPOLOGY_KEY = `topology.${DRIVER_NAME}/node`;

/** Held by the agent: the logical volume on disk must be gone before the object may go. */
export const LOGICAL_VOLUME_FINALIZER = `${DRIVER_NAME}/logical-volume`;
/** Held by the controller: the LogicalVolume must be gone before the PersistentVolume may go. */
export const PERSISTENT_VOLUME_FINALIZER = `${DRIVER_NAME}/persistent-volume`;

/** Written on a claim by kube-scheduler once it has chosen a node. */
export const SELECTED_NODE_ANNOTATION = 'volume.kubernetes.io/selected-node';
/** Written on a claim by the PV controller: who has to provision it. */
export const STORAGE_PROVISIONER_ANNOTATION = 'volume.kubernetes.io/storage-provisioner';
/** Written on a volume by us: the PV controller then leaves its deletion to us. */
export const PROVISIONED_BY_ANNOTATION = 'pv.kubernetes.io/provisioned-by';

/**
 * Written on a volume while it grows, as external-resizer does: the size that the claim's status had before. The PV
 * controller shows that one, not the volume's, for a claim that is bound before its file system has grown.
 */
export const PRE_RESIZE_CAPACITY_ANNOTATION = 'volume.alpha.kubernetes.io/pre-resize-capacity';

/** Name of the volume group that holds all disks of a medium on a node. */
export const volumeGroupName = (medium: Medium): string => `csi-vg-${medium}`;

/** Key of a medium's volume group in the capacity and allocatable maps of NodeStorage. */
export const capacityKey = (medium: Medium): string => `${DRIVER_NAME}/${volumeGroupName(medium)}`;

/** Name of the LogicalVolume, the logical volume on disk, the PersistentVolume, and the CSI volume handle of a claim. */
export const volumeName = (claimUid: string): string => `pvc-${claimUid}`;
