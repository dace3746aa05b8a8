import type { Bed } from '@berth/bed/bed';
import { LOGICAL_VOLUME_FINALIZER } from '@berth/contract/names';

/** Makes volumes of 1 GiB on a node's NVMe disks through LogicalVolume objects; returns when they are ready. */
export const createVolumes = async (bed: Bed, nodeName: string, names: readonly string[]): Promise<void> => {
  const items = names.map((name) => ({
    apiVersion: 'csi.storage.io/v1alpha1',
    kind: 'LogicalVolume',
    metadata: { name, finalizers: [LOGICAL_VOLUME_FINALIZER] },
    spec: {
      ...{ nodeName, medium: 'nvme', size: '1Gi', volumeMode: 'Filesystem', fsType: 'xfs' },
      // The controller leaves volumes alone that are managed by calls.
      ...{ managedBy: 'csi', claim: { namespace: '', name: '', uid: '' } },
    },
  }));
  await bed.kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  await bed.kubectl(['wait', '--for=jsonpath={.status.phase}=Ready', ...objects(names), '--timeout=120s']);
};

/** Returns when they are gone from the disk too. */
export const deleteVolumes = async (bed: Bed, names: readonly string[]): Promise<void> => {
  await bed.kubectl(['delete', ...objects(names), '--wait=true', '--timeout=120s']);
};

const objects = (names: readonly string[]): string[] => names.map((name) => `logicalvolume/${name}`);
