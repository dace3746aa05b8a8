import { CONDITION_LVM } from '@berth/contract/condition-types';
import { toAppError } from '@berth/contract/errors';
import { type Footprint, footprintOf, growthOf, LINEAR, layoutOf } from '@berth/contract/layout';
import { parseQuantity } from '@berth/contract/quantity';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { NodeStorage, VolumeGroupStatus } from '@berth/contract/resources/node-storage';
import { rackOf } from '@berth/contract/topology';
import { unusedBytes, usableBytes } from './free-space.ts';
import type { GroupAmounts, GroupState, NodeState } from './model.ts';

export interface NodeFacts {
  readonly storage: NodeStorage;
  /** Labels of the Node object. */
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly rackLabels?: readonly string[];
  /** LogicalVolume objects of this node, all of them. */
  readonly volumes: Iterable<LogicalVolume>;
  /** Why nobody there would make a volume, as a sentence. */
  readonly silence?: string | undefined;
}

/** A node as placement sees it. A report that can't be read takes the node out, with the reason. */
export const nodeStateOf = ({ storage, labels, rackLabels, volumes, silence }: NodeFacts): NodeState => {
  const { name } = storage.metadata;
  const place = { name, rack: rackOf(labels, rackLabels), host: name };
  try {
    const all = [...volumes];
    const groups = (storage.status?.groups ?? []).map((group) => groupState(group, all));
    const byMedium = Object.fromEntries(groups.map((group) => [group.medium, group]));
    return { ...place, groups: byMedium, out: outReason(storage) ?? silence };
  } catch (thrown) {
    return { ...place, groups: {}, out: `the node's report cannot be read: ${toAppError(thrown).message}` };
  }
};

const groupState = (group: VolumeGroupStatus, volumes: readonly LogicalVolume[]): GroupState => {
  const extentSize = parseQuantity(group.extentSize);
  const own = volumes.filter(({ spec }) => spec.medium === group.medium).map((volume) => useOf(volume, extentSize));
  const amounts = {
    size: parseQuantity(group.size),
    free: parseQuantity(group.free),
    foreign: parseQuantity(group.foreign),
    reserve: parseQuantity(group.reserve),
    ours: own.reduce((sum, { takenBytes }) => sum + takenBytes, 0),
  };
  return {
    medium: group.medium,
    extentSize,
    size: amounts.size,
    usable: usableBytes(amounts),
    unused: unusedBytes(amounts),
    diskFree: group.diskFree?.map(parseQuantity),
    coming: comingTo(own, amounts, extentSize),
    busy: group.busyPercent === undefined ? undefined : group.busyPercent / 100,
    problem: group.problem,
  };
};

/** What one of our volumes takes of its group. */
interface Use {
  readonly takenBytes: number;
  /** What of it the agent has not said to be on disk: all of a new volume, or what one grows by. */
  readonly coming: Footprint | undefined;
}

/** A volume that grows takes its new size from the moment it is asked for. */
const useOf = ({ spec, status }: LogicalVolume, extentSize: number): Use => {
  const [asked, real] = [parseQuantity(spec.size), parseQuantity(status?.size ?? '0')];
  const after = footprintOf(layoutOf(spec), Math.max(asked, real), extentSize);
  if (asked <= real) return { takenBytes: after.takenBytes, coming: undefined };
  // Nothing takes nothing: of a new volume the metadata of its copies is coming too.
  const before = footprintOf(layoutOf(spec), real, extentSize);
  return { takenBytes: after.takenBytes, coming: real === 0 ? after : growthOf(before, after) };
};

/**
 * Where objects and report are further apart than what is known to be coming, the report is late: that may be anywhere, as all that
 * lies on any disks. It is one footprint for all of that, so that a node with many new volumes costs no more than one with few.
 */
const comingTo = (
  uses: readonly Use[],
  { size, free, foreign, ours }: GroupAmounts,
  extentSize: number,
): Footprint[] | undefined => {
  const known = uses.flatMap(({ coming }) => coming ?? []);
  const onSeveral = known.filter(({ disks }) => disks > 1);
  const unseen = free - (size - ours - foreign);
  const anywhere = Math.max(unseen, takenBy(known)) - takenBy(onSeveral);
  if (anywhere > 0) return [...onSeveral, footprintOf(LINEAR, anywhere, extentSize)];
  return onSeveral.length > 0 ? onSeveral : undefined;
};

const takenBy = (footprints: readonly Footprint[]): number =>
  footprints.reduce((sum, { takenBytes }) => sum + takenBytes, 0);

const outReason = (storage: NodeStorage): string | undefined => {
  const lvm = storage.status?.conditions?.find((condition) => condition.type === CONDITION_LVM);
  return lvm?.status === 'False' ? `disks: ${lvm.message || lvm.reason}` : undefined;
};
