import { AppError } from '@berth/contract/errors';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { KubeClient } from '@berth/kube/client';
import { CLAIMS, CLASSES, LOGICAL_VOLUMES, NODES, VOLUMES } from '@berth/kube/resources';
import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '@berth/kube/types';
import type { Caches } from './caches.ts';
import { isOurs } from './persistent-volume.ts';

/** The objects that plans are made from. Undefined means that there is none. */
export interface ClusterReader {
  claim(namespace: string, name: string): Promise<PersistentVolumeClaim | undefined>;
  storageClass(name: string): Promise<StorageClass | undefined>;
  node(name: string): Promise<Node | undefined>;
  logicalVolume(name: string): Promise<LogicalVolume | undefined>;
  persistentVolume(name: string): Promise<PersistentVolume | undefined>;
  /** The PersistentVolume of our driver with this volume handle; one named like the handle comes first. */
  persistentVolumeOf(handle: string): Promise<PersistentVolume | undefined>;
}

/** Answers at once from what was watched; may be behind. */
export const createCachedReader = (caches: Caches): ClusterReader => ({
  claim: async (namespace, name) => caches.claims.get(`${namespace}/${name}`),
  storageClass: async (name) => caches.classes.get(name),
  node: async (name) => caches.nodes.get(name),
  logicalVolume: async (name) => caches.logicalVolumes.get(name),
  persistentVolume: async (name) => caches.persistentVolumes.get(name),
  persistentVolumeOf: async (handle) => {
    const volumes = caches.volumesOfHandle(handle);
    return volumes.find(({ metadata }) => metadata?.name === handle) ?? volumes[0];
  },
});

/** A cache of volumes that has heard nothing for this long is no proof that a volume does not exist. */
const STALE_MS = 5 * 60_000;

/**
 * Asks the API server every time. Throws what the client throws: an error is never taken for absence. That no volume
 * under another name has the handle is known only from the cache, so that one must be recent: else Unavailable.
 */
export const createFreshReader = (client: KubeClient, caches: Caches, signal: AbortSignal): ClusterReader => ({
  claim: (namespace, name) => client.get(CLAIMS, { namespace, name }, signal),
  storageClass: (name) => client.get(CLASSES, { name }, signal),
  node: (name) => client.get(NODES, { name }, signal),
  logicalVolume: (name) => client.get(LOGICAL_VOLUMES, { name }, signal),
  persistentVolume: (name) => client.get(VOLUMES, { name }, signal),
  persistentVolumeOf: async (handle) => {
    const others = caches.volumesOfHandle(handle).map(({ metadata }) => metadata?.name ?? handle);
    for (const name of new Set([handle, ...others])) {
      const volume = await client.get(VOLUMES, { name }, signal);
      if (volume && isOurs(volume) && volume.spec?.csi?.volumeHandle === handle) return volume;
    }
    const ageMs = caches.persistentVolumes.lastContactAgeMs();
    if (ageMs <= STALE_MS) return undefined;
    throw new AppError('Unavailable', `nothing was heard about persistent volumes for ${Math.round(ageMs / 1000)} s`);
  },
});
