import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { NodeStorage } from '@berth/contract/resources/node-storage';
import type { Node } from '@berth/kube/types';
import type { GroupState, NodeState } from '@berth/placement/model';
import { nodeStateOf } from '@berth/placement/node-state';
import type { Caches } from './caches.ts';

export interface NodeObjects {
  readonly nodes: readonly Node[];
  readonly storages: readonly NodeStorage[];
  readonly logicalVolumes: readonly LogicalVolume[];
}

/** The volume group that holds the logical volume, as its node last reported it; undefined when there is no report. */
export const groupOf = (
  { spec }: { readonly spec: Pick<LogicalVolume['spec'], 'nodeName' | 'medium'> },
  caches: Pick<Caches, 'nodeStorages' | 'volumesOnNode'>,
): GroupState | undefined => {
  const { nodeName, medium } = spec;
  const storage = caches.nodeStorages.get(nodeName);
  if (storage === undefined) return undefined;
  return nodeStateOf({ storage, labels: undefined, volumes: caches.volumesOnNode(nodeName) }).groups[medium];
};

/** Nodes as placement sees them, by name: those that exist, may take new pods, and have reported their disks. */
export const nodeStatesOf = (objects: NodeObjects): ReadonlyMap<string, NodeState> => {
  const nodes = new Map(objects.nodes.map((node) => [node.metadata?.name, node]));
  const taken = Map.groupBy(objects.logicalVolumes, (volume) => volume.spec.nodeName);
  const states = objects.storages.flatMap((storage) => {
    const { name } = storage.metadata;
    const node = nodes.get(name);
    if (node === undefined || node.spec?.unschedulable) return [];
    return [nodeStateOf({ storage, labels: node.metadata?.labels, volumes: taken.get(name) ?? [] })];
  });
  return new Map(states.map((state) => [state.name, state]));
};
