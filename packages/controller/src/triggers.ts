import { volumeName } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { PersistentVolume, PersistentVolumeClaim } from '@berth/kube/types';
import type { Caches } from './caches.ts';
import { selectedNodeOf } from './claim.ts';
import { isOurs } from './persistent-volume.ts';

/** Where keys go: claims by `namespace/name`, volumes by handle. */
export interface Queues {
  claim(key: string): void;
  volume(handle: string): void;
}

/** Queues whatever a change may concern, from now on. Returns the way to stop. */
export const connectTriggers = (caches: Caches, queues: Queues): (() => void) => {
  const connections = [
    caches.claims.onChange(({ before, after }) => {
      for (const claim of [before, after]) if (claim) queueClaim(claim, queues);
    }),
    caches.logicalVolumes.onChange(({ before, after }) => {
      const volume = after ?? before;
      if (volume) queueLogicalVolume(volume, queues);
    }),
    caches.persistentVolumes.onChange(({ before, after }) => {
      const volume = after ?? before;
      if (volume) queuePersistentVolume(volume, queues);
    }),
    caches.nodes.onChange(({ key, after }) => {
      if (after === undefined) queueNode(key, caches, queues);
    }),
    caches.classes.onChange(({ key, after }) => {
      if (after === undefined) return;
      for (const claim of unboundClaims(caches)) if (claim.spec?.storageClassName === key) queueClaim(claim, queues);
    }),
  ];
  return () => {
    for (const disconnect of connections) disconnect();
  };
};

/** Queues everything there is: at the start, and now and then in case a change was missed. */
export const queueEverything = (caches: Caches, queues: Queues): void => {
  for (const claim of unboundClaims(caches)) queueClaim(claim, queues);
  for (const volume of caches.logicalVolumes.list()) queues.volume(volume.metadata.name);
  for (const volume of caches.persistentVolumes.list()) queuePersistentVolume(volume, queues);
};

const unboundClaims = (caches: Caches): readonly PersistentVolumeClaim[] =>
  caches.claims.list().filter((claim) => !claim.spec?.volumeName);

const queueClaim = ({ metadata }: PersistentVolumeClaim, queues: Queues): void => {
  queues.claim(`${metadata?.namespace}/${metadata?.name}`);
  queues.volume(volumeName(metadata?.uid ?? ''));
};

const queueLogicalVolume = ({ metadata, spec }: LogicalVolume, queues: Queues): void => {
  queues.volume(metadata.name);
  queues.claim(`${spec.claim.namespace}/${spec.claim.name}`);
};

const queuePersistentVolume = (volume: PersistentVolume, queues: Queues): void => {
  const handle = volume.spec?.csi?.volumeHandle;
  if (!isOurs(volume) || handle === undefined) return;
  queues.volume(handle);
  const { namespace, name } = volume.spec?.claimRef ?? {};
  if (namespace && name) queues.claim(`${namespace}/${name}`);
};

const queueNode = (nodeName: string, caches: Caches, queues: Queues): void => {
  for (const volume of caches.logicalVolumes.list()) {
    if (volume.spec.nodeName === nodeName) queueLogicalVolume(volume, queues);
  }
  for (const claim of unboundClaims(caches)) if (selectedNodeOf(claim) === nodeName) queueClaim(claim, queues);
};
