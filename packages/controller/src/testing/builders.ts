import {
  DRIVER_NAME,
  PARAMETER_DISK_TYPE,
  SELECTED_NODE_ANNOTATION,
  STORAGE_PROVISIONER_ANNOTATION,
} from '@berth/contract/names';
import type { LogicalVolume, LogicalVolumeStatus } from '@berth/contract/resources/logical-volume';
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '@berth/kube/types';
import { parseClaim } from '../claim-request.ts';
import { buildLogicalVolume } from '../logical-volume.ts';
import { buildPersistentVolume } from '../persistent-volume.ts';

export const CLAIM_UID = '11111111-2222-3333-4444-555555555555';
export const VOLUME = `pvc-${CLAIM_UID}`;
export const LONG_AGO = '2025-12-31T00:00:00Z';

export const aClass = (changes: Partial<StorageClass> = {}): StorageClass => ({
  metadata: { name: 'fast' },
  provisioner: DRIVER_NAME,
  parameters: { [PARAMETER_DISK_TYPE]: 'nvme', 'csi.storage.k8s.io/fstype': 'xfs' },
  mountOptions: ['rw'],
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
  ...changes,
});

export interface ClaimChanges {
  readonly selectedNode?: string | undefined;
  readonly handedToUs?: boolean;
  readonly deleting?: boolean;
  readonly uid?: string;
  readonly spec?: Partial<NonNullable<PersistentVolumeClaim['spec']>>;
}

/** A claim for 10 GiB that was scheduled to node a and handed to us. */
export const aClaim = (changes: ClaimChanges = {}): PersistentVolumeClaim => {
  const selectedNode = 'selectedNode' in changes ? changes.selectedNode : 'a';
  return {
    metadata: {
      namespace: 'shop',
      name: 'data-es-0',
      uid: changes.uid ?? CLAIM_UID,
      resourceVersion: '7',
      annotations: {
        ...(changes.handedToUs !== false && { [STORAGE_PROVISIONER_ANNOTATION]: DRIVER_NAME }),
        ...(selectedNode && { [SELECTED_NODE_ANNOTATION]: selectedNode }),
      },
      ...(changes.deleting && { deletionTimestamp: LONG_AGO }),
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '10Gi' } },
      storageClassName: 'fast',
      ...changes.spec,
    },
  };
};

export const aNode = (name = 'a'): Node => ({ metadata: { name } });

export const aPod = (labels: Record<string, string> = { 'es-cluster-name': 'shop-search', role: 'data' }): Pod => ({
  metadata: { namespace: 'shop', name: 'es-0', labels },
  spec: {
    nodeName: '',
    containers: [],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-es-0' } }],
  },
});

export interface VolumeChanges {
  readonly status?: LogicalVolumeStatus;
  readonly nodeName?: string;
  readonly deleting?: boolean;
  readonly annotations?: Record<string, string>;
  readonly claimUid?: string;
  /** Made by a call of the CSI Controller service. */
  readonly managedByCsi?: boolean;
}

/** The LogicalVolume of aClaim(), as the controller makes it, on node a. */
export const aLogicalVolume = (changes: VolumeChanges = {}): LogicalVolume => {
  const claim = aClaim();
  const { nodeName = 'a' } = changes;
  const built = buildLogicalVolume({ claim, request: parseClaim(claim, aClass()), nodeName, pod: aPod() });
  return {
    ...built,
    metadata: {
      ...built.metadata,
      uid: 'lv-uid',
      resourceVersion: '3',
      creationTimestamp: LONG_AGO,
      ...(changes.annotations && { annotations: changes.annotations }),
      ...(changes.deleting && { deletionTimestamp: LONG_AGO }),
    },
    spec: {
      ...built.spec,
      claim: { ...built.spec.claim, uid: changes.claimUid ?? CLAIM_UID },
      ...(changes.managedByCsi && { managedBy: 'csi' }),
    },
    ...(changes.status && { status: changes.status }),
  };
};

export const READY: LogicalVolumeStatus = { phase: 'Ready', size: '10Gi', volumeGroup: 'csi-vg-nvme' };

export const failed = (reason: string, message: string): LogicalVolumeStatus => ({
  phase: 'Failed',
  conditions: [{ type: 'Ready', status: 'False', reason, message, lastTransitionTime: LONG_AGO }],
});

export interface PersistentVolumeChanges {
  readonly phase?: string;
  readonly policy?: 'Delete' | 'Retain';
  readonly deleting?: boolean;
  readonly finalizers?: string[];
  readonly annotations?: Record<string, string>;
  readonly claimUid?: string;
}

/** The PersistentVolume of aClaim(). */
export const aPersistentVolume = (changes: PersistentVolumeChanges = {}): PersistentVolume => {
  const storageClass = aClass({ reclaimPolicy: changes.policy ?? 'Delete' });
  const claim = aClaim(changes.claimUid === undefined ? {} : { uid: changes.claimUid });
  const built = buildPersistentVolume({ claim, storageClass, logicalVolume: aLogicalVolume({ status: READY }) });
  return {
    ...built,
    metadata: {
      ...built.metadata,
      uid: 'pv-uid',
      resourceVersion: '5',
      ...(changes.finalizers && { finalizers: changes.finalizers }),
      ...(changes.annotations && { annotations: changes.annotations }),
      ...(changes.deleting && { deletionTimestamp: LONG_AGO }),
    },
    status: { phase: changes.phase ?? 'Bound' },
  };
};
