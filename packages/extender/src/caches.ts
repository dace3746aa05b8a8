import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { NodeStorage } from '@berth/contract/resources/node-storage';
import type { Node, PersistentVolumeClaim, Pod, StorageClass } from '@berth/kube/types';
import type { WatchCache } from '@berth/kube/watch-cache';

/** The collections the extender watches. */
export interface Caches {
  readonly nodes: WatchCache<Node>;
  readonly storages: WatchCache<NodeStorage>;
  readonly volumes: WatchCache<LogicalVolume>;
  readonly claims: WatchCache<PersistentVolumeClaim>;
  readonly classes: WatchCache<StorageClass>;
  readonly pods: WatchCache<Pod>;
  /** The pods of node agents. */
  readonly agents: WatchCache<Pod>;
}

/** Whether every collection has been listed once. */
export const areSynced = (caches: Caches): boolean => entriesOf(caches).every(([, cache]) => cache.synced);

/** Why the collections must not be trusted, as a sentence: not listed yet, or no word about them for too long. */
export const distrust = (caches: Caches, staleAfterMs: number): string | undefined => {
  for (const [name, cache] of entriesOf(caches)) {
    if (!cache.synced) return `the list of ${name} has not arrived yet`;
    const ageMs = cache.lastContactAgeMs();
    if (ageMs > staleAfterMs) return `the API server has said nothing about ${name} for ${Math.round(ageMs / 1000)} s`;
  }
  return undefined;
};

/** Each collection with its name. */
export const entriesOf = (caches: Caches): [string, WatchCache<unknown>][] => Object.entries(caches);
