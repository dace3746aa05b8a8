import { DRIVER_NAME } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { NodeStorage } from '@berth/contract/resources/node-storage';
import type { VolumeRecovery } from '@berth/contract/resources/volume-recovery';
import {
  AGENT_PODS,
  type AgentSilence,
  type AgentSilenceOptions,
  createAgentSilence,
  slimAgentPod,
} from '@berth/kube/agent-silence';
import { indexBy } from '@berth/kube/cache-index';
import type { KubeClient } from '@berth/kube/client';
import {
  CAPACITIES,
  CLAIMS,
  CLASSES,
  LOGICAL_VOLUMES,
  NODE_STORAGES,
  NODES,
  PODS,
  VOLUME_RECOVERIES,
  VOLUMES,
} from '@berth/kube/resources';
import type {
  CSIStorageCapacity,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageClass,
} from '@berth/kube/types';
import { createWatchCache, type WatchCache } from '@berth/kube/watch-cache';
import type { Clock } from '@berth/runtime/clock';
import type { Logger } from '@berth/runtime/logger';
import { MANAGED_BY_LABEL, nodeOfCapacity } from './capacity/capacity-object.ts';
import { isOurs } from './persistent-volume.ts';
import { rememberVanishedClaims } from './vanished-claims.ts';

/** What the controller watches. */
export interface Caches {
  readonly claims: WatchCache<PersistentVolumeClaim>;
  readonly classes: WatchCache<StorageClass>;
  readonly nodes: WatchCache<Node>;
  /** Only pods without a node: those are the ones that may wait for a claim. */
  readonly waitingPods: WatchCache<Pod>;
  /** The pods of node agents. */
  readonly agents: WatchCache<Pod>;
  readonly silence: AgentSilence;
  readonly persistentVolumes: WatchCache<PersistentVolume>;
  readonly logicalVolumes: WatchCache<LogicalVolume>;
  readonly nodeStorages: WatchCache<NodeStorage>;
  /** Ours only. */
  readonly capacities: WatchCache<CSIStorageCapacity>;
  readonly recoveries: WatchCache<VolumeRecovery>;
  /** UIDs of claims that were deleted before they had a volume. */
  readonly vanishedClaims: ReadonlySet<string>;
  /** Persistent volumes of our driver with this volume handle. */
  volumesOfHandle(handle: string): readonly PersistentVolume[];
  /** Logical volumes on a node. */
  volumesOnNode(nodeName: string): readonly LogicalVolume[];
  /** What kube-scheduler is told about a node's room. */
  capacitiesOfNode(nodeName: string): readonly CSIStorageCapacity[];
  capacitiesOfClass(className: string): readonly CSIStorageCapacity[];
  /** Claims that have no volume yet. */
  unboundClaims(): readonly PersistentVolumeClaim[];
}

export interface CacheOptions {
  /** Where agents are, and how long one may be unready. */
  readonly agents: Pick<AgentSilenceOptions, 'namespace' | 'silentAfterMs'>;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

const OUR_CAPACITIES = { labelSelector: `${MANAGED_BY_LABEL}=${DRIVER_NAME}` };
const UNBOUND = 'unbound';

export const createCaches = ({ agents: where, ...options }: CacheOptions): Caches => {
  const persistentVolumes = createWatchCache({ ...options, resource: VOLUMES });
  const claims = createWatchCache({ ...options, resource: CLAIMS });
  const capacities = createWatchCache({ ...options, resource: CAPACITIES, selector: OUR_CAPACITIES });
  const logicalVolumes = createWatchCache({ ...options, resource: LOGICAL_VOLUMES });
  const agents = createWatchCache({ ...options, resource: PODS, selector: AGENT_PODS, keep: slimAgentPod });
  const claimsByBinding = indexBy(claims, ({ spec }) => (spec?.volumeName ? undefined : UNBOUND));
  return {
    claims,
    vanishedClaims: rememberVanishedClaims(claims),
    classes: createWatchCache({ ...options, resource: CLASSES }),
    nodes: createWatchCache({ ...options, resource: NODES }),
    waitingPods: createWatchCache({ ...options, resource: PODS, selector: { fieldSelector: 'spec.nodeName=' } }),
    agents,
    silence: createAgentSilence({ agents, ...where, clock: options.clock }),
    persistentVolumes,
    logicalVolumes,
    capacities,
    recoveries: createWatchCache({ ...options, resource: VOLUME_RECOVERIES }),
    nodeStorages: createWatchCache({ ...options, resource: NODE_STORAGES }),
    volumesOfHandle: indexBy(persistentVolumes, handleOf),
    volumesOnNode: indexBy(logicalVolumes, ({ spec }) => spec.nodeName),
    capacitiesOfNode: indexBy(capacities, nodeOfCapacity),
    capacitiesOfClass: indexBy(capacities, ({ storageClassName }) => storageClassName),
    unboundClaims: () => claimsByBinding(UNBOUND),
  };
};

/** Lists and watches everything until the signal fires; resolves when the first lists have arrived. */
export const startCaches = async (caches: Caches, signal: AbortSignal): Promise<void> => {
  const all = watched(caches);
  for (const cache of all) cache.start(signal);
  await Promise.all(all.map((cache) => cache.whenSynced(signal)));
};

/** The caches, for questions about all of them. */
export const watched = (caches: Caches): readonly WatchCache<never>[] =>
  [
    caches.claims,
    caches.classes,
    caches.nodes,
    caches.waitingPods,
    caches.agents,
    caches.persistentVolumes,
    caches.logicalVolumes,
    caches.nodeStorages,
    caches.capacities,
    caches.recoveries,
  ] as unknown as readonly WatchCache<never>[];

const handleOf = (volume: PersistentVolume): string | undefined =>
  isOurs(volume) ? volume.spec?.csi?.volumeHandle : undefined;
