import { toAppError } from '@berth/contract/errors';
import { parseQuantity } from '@berth/contract/quantity';
import { CONDITION_READY, type LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { NodeStorage, VolumeGroupStatus } from '@berth/contract/resources/node-storage';
import { rackOf } from '@berth/contract/topology';
import type { Node } from '@berth/kube/types';
import { wholeExtents } from '@berth/placement/free-space';
import type { GroupState, NodeState } from '@berth/placement/model';

export interface NodeObjects {
  readonly nodes: readonly Node[];
  readonly storages: readonly NodeStorage[];
  readonly logicalVolumes: readonly LogicalVolume[];
}

/** Nodes as placement sees them, by name: those that exist, may take new pods, and have reported their disks. */
export const nodeStatesOf = (objects: NodeObjects): ReadonlyMap<string, NodeState> => {
  const nodes = new Map(objects.nodes.map((node) => [node.metadata?.name, node]));
  const taken = Map.groupBy(objects.logicalVolumes, (volume) => volume.spec.nodeName);
  const states = objects.storages.flatMap((storage) => {
    const { name } = storage.metadata;
    const node = nodes.get(name);
    if (node === undefined || node.spec?.unschedulable) return [];
    return [{ host: name, rack: rackOf(node.metadata?.labels), ...disksOf(storage, taken.get(name) ?? []) }];
  });
  return new Map(states.map((state) => [state.name, state]));
};

const disksOf = (storage: NodeStorage, volumes: readonly LogicalVolume[]) => {
  const { name } = storage.metadata;
  try {
    const groups = (storage.status?.groups ?? []).map((group) => groupState(group, volumes));
    return { name, groups: Object.fromEntries(groups.map((group) => [group.medium, group])), out: outReason(storage) };
  } catch (thrown) {
    return { name, groups: {}, out: `the node's report cannot be read: ${toAppError(thrown).message}` };
  }
};

const groupState = (group: VolumeGroupStatus, volumes: readonly LogicalVolume[]): GroupState => {
  const extentSize = parseQuantity(group.extentSize);
  const sizes = volumes
    .filter(({ spec }) => spec.medium === group.medium)
    .map(({ spec, status }) => Math.max(parseQuantity(spec.size), parseQuantity(status?.size ?? '0')));
  return {
    medium: group.medium,
    extentSize,
    size: parseQuantity(group.size),
    free: parseQuantity(group.free),
    foreign: parseQuantity(group.foreign),
    reserve: parseQuantity(group.reserve),
    ours: sizes.reduce((sum, bytes) => sum + wholeExtents(bytes, extentSize), 0),
  };
};

const outReason = (storage: NodeStorage): string | undefined => {
  const ready = storage.status?.conditions?.find((condition) => condition.type === CONDITION_READY);
  return ready?.status === 'False' ? `disks: ${ready.message || ready.reason}` : undefined;
};
