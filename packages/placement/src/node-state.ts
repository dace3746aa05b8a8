import { CONDITION_LVM } from '@berth/contract/condition-types';
import { toAppError } from '@berth/contract/errors';
import { parseQuantity } from '@berth/contract/quantity';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { NodeStorage, VolumeGroupStatus } from '@berth/contract/resources/node-storage';
import { rackOf } from '@berth/contract/topology';
import { wholeExtents } from './free-space.ts';
import type { GroupState, NodeState } from './model.ts';

export interface NodeFacts {
  readonly storage: NodeStorage;
  /** Labels of the Node object. */
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly rackLabels?: readonly string[];
  /** LogicalVolume objects of this node, all of them. */
  readonly volumes: Iterable<LogicalVolume>;
}

/** A node as placement sees it. A report that can't be read takes the node out, with the reason. */
export const nodeStateOf = ({ storage, labels, rackLabels, volumes }: NodeFacts): NodeState => {
  const { name } = storage.metadata;
  const place = { name, rack: rackOf(labels, rackLabels), host: name };
  try {
    const all = [...volumes];
    const groups = (storage.status?.groups ?? []).map((group) => groupState(group, all));
    const byMedium = Object.fromEntries(groups.map((group) => [group.medium, group]));
    return { ...place, groups: byMedium, out: outReason(storage) };
  } catch (thrown) {
    return { ...place, groups: {}, out: `the node's report cannot be read: ${toAppError(thrown).message}` };
  }
};

const groupState = (group: VolumeGroupStatus, volumes: readonly LogicalVolume[]): GroupState => {
  const extentSize = parseQuantity(group.extentSize);
  const sizes = volumes.filter(({ spec }) => spec.medium === group.medium).map(bytesOf);
  return {
    medium: group.medium,
    extentSize,
    size: parseQuantity(group.size),
    free: parseQuantity(group.free),
    foreign: parseQuantity(group.foreign),
    reserve: parseQuantity(group.reserve),
    ours: sizes.reduce((sum, bytes) => sum + wholeExtents(bytes, extentSize), 0),
    busy: group.busyPercent === undefined ? undefined : group.busyPercent / 100,
    problem: group.problem,
  };
};

/** A volume that grows takes its new size from the moment it is asked for. */
const bytesOf = ({ spec, status }: LogicalVolume): number =>
  Math.max(parseQuantity(spec.size), parseQuantity(status?.size ?? '0'));

const outReason = (storage: NodeStorage): string | undefined => {
  const lvm = storage.status?.conditions?.find((condition) => condition.type === CONDITION_LVM);
  return lvm?.status === 'False' ? `disks: ${lvm.message || lvm.reason}` : undefined;
};
