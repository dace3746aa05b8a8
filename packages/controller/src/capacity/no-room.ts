import { formatBytes, parseQuantity } from '@berth/contract/quantity';
import type { CSIStorageCapacity, Pod } from '@berth/kube/types';
import type { VolumeRequest } from '../claim-request.ts';
import { nodeOfCapacity } from './capacity-object.ts';

/** Whether kube-scheduler has looked for a node for the pod and found none. */
export const isUnschedulable = ({ status }: Pod): boolean =>
  (status?.conditions ?? []).some(
    ({ type, status: value, reason }) => type === 'PodScheduled' && value === 'False' && reason === 'Unschedulable',
  );

/**
 * Why no node can take the claim, with numbers; undefined when the room of some node would do. kube-scheduler rules out
 * full nodes by the same objects, and says no more than that they are full.
 */
export const noRoomSentence = (
  { bytes, medium }: VolumeRequest,
  capacities: readonly CSIStorageCapacity[],
): string | undefined => {
  const wanted = `no node has room for ${formatBytes(bytes)} of ${medium}`;
  if (capacities.length === 0) return `${wanted}: no node has reported ${medium} disks`;
  const rooms = capacities.map((object) => ({
    node: nodeOfCapacity(object),
    free: parseQuantity(object.capacity ?? '0'),
  }));
  const most = rooms.reduce((best, room) => (room.free > best.free ? room : best));
  if (most.free >= bytes) return undefined;
  return `${wanted}: of ${rooms.length} nodes with ${medium} disks, ${most.node} has the most free, ${formatBytes(most.free)}`;
};
