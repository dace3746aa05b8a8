import { toAppError } from '@berth/contract/errors';
import { parseQuantity } from '@berth/contract/quantity';
import { CONDITION_READY, type LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { NodeStorage, VolumeGroupStatus } from '@berth/contract/resources/node-storage';
import { rackOf } from '@berth/contract/topology';
import type { Node } from '@berth/kube/types';
import type { WatchCache } from '@berth/kube/watch-cache';
import { wholeExtents } from '@berth/placement/free-space';
import type { GroupState, NodeState } from '@berth/placement/model';

export interface NodeIndexOptions {
  readonly nodes: WatchCache<Node>;
  readonly storages: WatchCache<NodeStorage>;
  readonly volumes: WatchCache<LogicalVolume>;
  readonly rackLabels: readonly string[];
}

/** Nodes as placement sees them. A lookup costs nothing but for a node that changed since the last one. */
export interface NodeIndex {
  /** Undefined when the node's agent has never reported. */
  node(name: string): NodeState | undefined;
  all(): Iterable<NodeState>;
}

/** Register before the caches start: every change of theirs must be seen. */
export const createNodeIndex = ({ nodes, storages, volumes, rackLabels }: NodeIndexOptions): NodeIndex => {
  const built = new Map<string, NodeState>();
  const taken = new Map<string, Map<string, LogicalVolume>>();

  nodes.onChange(({ key }) => built.delete(key));
  storages.onChange(({ key }) => built.delete(key));
  volumes.onChange(({ key, before, after }) => {
    if (before) {
      const node = before.spec.nodeName;
      taken.get(node)?.delete(key);
      if (taken.get(node)?.size === 0) taken.delete(node);
      built.delete(node);
    }
    if (after) {
      const node = after.spec.nodeName;
      const onNode = taken.get(node) ?? new Map<string, LogicalVolume>();
      taken.set(node, onNode.set(key, after));
      built.delete(node);
    }
  });

  const build = (name: string, storage: NodeStorage): NodeState => {
    const labels = nodes.get(name)?.metadata?.labels;
    const place = { name, rack: rackOf(labels, rackLabels), host: name };
    try {
      const groups = (storage.status?.groups ?? []).map((group) => groupState(group, taken.get(name)));
      const byMedium = Object.fromEntries(groups.map((group) => [group.medium, group]));
      return { ...place, groups: byMedium, out: outReason(storage) };
    } catch (thrown) {
      return { ...place, groups: {}, out: `the node's report cannot be read: ${toAppError(thrown).message}` };
    }
  };

  const node = (name: string): NodeState | undefined => {
    const known = built.get(name);
    if (known) return known;
    const storage = storages.get(name);
    if (storage === undefined) return undefined;
    const state = build(name, storage);
    built.set(name, state);
    return state;
  };

  return {
    node,
    all: () => storages.list().flatMap((storage) => node(storage.metadata.name) ?? []),
  };
};

/** A volume that grows takes its new size from the moment it is asked for. */
const bytesOf = ({ spec, status }: LogicalVolume): number =>
  Math.max(parseQuantity(spec.size), parseQuantity(status?.size ?? '0'));

const groupState = (group: VolumeGroupStatus, taken: ReadonlyMap<string, LogicalVolume> | undefined): GroupState => {
  const extentSize = parseQuantity(group.extentSize);
  let ours = 0;
  for (const volume of taken?.values() ?? []) {
    if (volume.spec.medium === group.medium) ours += wholeExtents(bytesOf(volume), extentSize);
  }
  return {
    medium: group.medium,
    extentSize,
    size: parseQuantity(group.size),
    free: parseQuantity(group.free),
    foreign: parseQuantity(group.foreign),
    reserve: parseQuantity(group.reserve),
    ours,
  };
};

const outReason = (storage: NodeStorage): string | undefined => {
  const ready = storage.status?.conditions?.find((condition) => condition.type === CONDITION_READY);
  return ready?.status === 'False' ? `disks: ${ready.message || ready.reason}` : undefined;
};
