import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { GroupState, NodeState } from '@berth/placement/model';
import { nodeStateOf } from '@berth/placement/node-state';
import type { Caches } from './caches.ts';

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
export const nodeStatesOf = (caches: Caches): ReadonlyMap<string, NodeState> => {
  const taken = Map.groupBy(caches.logicalVolumes.list(), (volume) => volume.spec.nodeName);
  const states = caches.nodeStorages.list().flatMap((storage) => {
    const { name } = storage.metadata;
    const node = caches.nodes.get(name);
    if (node === undefined || node.spec?.unschedulable) return [];
    const said = { volumes: taken.get(name) ?? [], silence: caches.silence.of(name) };
    return [nodeStateOf({ storage, labels: node.metadata?.labels, ...said })];
  });
  return new Map(states.map((state) => [state.name, state]));
};
