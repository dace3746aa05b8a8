import { createHash } from 'node:crypto';
import { footprintOf, type Layout } from '@berth/contract/layout';
import type { Medium } from '@berth/contract/medium';
import { API_GROUP, API_VERSION, DRIVER_NAME, TOPOLOGY_KEY } from '@berth/contract/names';
import { formatQuantity } from '@berth/contract/quantity';
import type { NodeStorage } from '@berth/contract/resources/node-storage';
import { parseClassParameters } from '@berth/contract/volume-request';
import type { CSIStorageCapacity, StorageClass } from '@berth/kube/types';
import { findCrowded } from '@berth/placement/disk-room';
import { largestFitting } from '@berth/placement/largest';
import type { GroupState, NodeState } from '@berth/placement/model';

/** Label of what we made, by which it is told from what an external-provisioner made for our driver. */
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';

export interface CapacityInput {
  readonly namespace: string;
  readonly storageClass: StorageClass;
  readonly storage: NodeStorage;
  readonly state: NodeState;
}

/**
 * What kube-scheduler is told about the room that a class finds on a node; undefined when the class has no volumes
 * there, which the scheduler reads as no room at all. One object a class and node, with a name that follows from both.
 */
export const buildCapacity = (input: CapacityInput): CSIStorageCapacity | undefined => {
  const { namespace, storageClass, storage, state } = input;
  const className = storageClass.metadata?.name ?? '';
  const bytes = freeBytes(storageClass, state);
  if (bytes === undefined) return undefined;
  return {
    metadata: {
      namespace,
      name: `berth-${createHash('sha256').update(`${className}/${state.name}`).digest('hex').slice(0, 32)}`,
      labels: { [MANAGED_BY_LABEL]: DRIVER_NAME },
      // With the node's report goes what is said about its room.
      ownerReferences: [
        {
          apiVersion: `${API_GROUP}/${API_VERSION}`,
          kind: 'NodeStorage',
          name: state.name,
          uid: storage.metadata.uid ?? '',
        },
      ],
    },
    storageClassName: className,
    nodeTopology: { matchLabels: { [TOPOLOGY_KEY]: state.name } },
    capacity: formatQuantity(bytes),
  };
};

/** The node that a capacity object is about. */
export const nodeOfCapacity = ({ nodeTopology }: CSIStorageCapacity): string | undefined =>
  nodeTopology?.matchLabels?.[TOPOLOGY_KEY];

const freeBytes = (storageClass: StorageClass, state: NodeState): number | undefined => {
  const parameters = parametersOf(storageClass);
  return parameters && roomFor(parameters, state);
};

/** Bytes of the largest new volume that a node's disks of a medium can hold; undefined when the node has none. */
export const roomFor = (
  { medium, layout }: { readonly medium: Medium; readonly layout: Layout },
  state: NodeState,
): number | undefined => {
  const group = state.groups[medium];
  if (group === undefined) return undefined;
  if (state.out !== undefined || group.problem !== undefined) return 0;
  const { unused: free } = group;
  return largestFitting(free, group.extentSize, (bytes) => hasRoom(group, layout, { bytes, free }));
};

/** A claim fits when it fits in whole extents, as LVM rounds up. */
const hasRoom = (group: GroupState, layout: Layout, { bytes, free }: { bytes: number; free: number }): boolean => {
  const { extentSize, diskFree, coming = [] } = group;
  const footprint = footprintOf(layout, bytes, extentSize);
  if (footprint.takenBytes > free) return false;
  if (diskFree === undefined) return layout.type === 'linear';
  return findCrowded(diskFree, [footprint, ...coming], extentSize) !== footprint;
};

/** Undefined for a class that nothing can be made for: of another driver, or with wrong parameters. */
const parametersOf = (storageClass: StorageClass) => {
  if (storageClass.provisioner !== DRIVER_NAME) return undefined;
  try {
    return parseClassParameters(storageClass.parameters);
  } catch {
    return undefined;
  }
};
