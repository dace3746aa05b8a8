import { volumeName } from '@berth/contract/names';
import { parseQuantity } from '@berth/contract/quantity';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { NodeStorage } from '@berth/contract/resources/node-storage';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@berth/kube/types';
import type { Caches } from './caches.ts';
import { isUnschedulable } from './capacity/no-room.ts';
import { claimKeysOf, isHandedToUs, selectedNodeOf } from './claim.ts';
import { resizeStepOf } from './claim-resize-status.ts';
import { isOurs } from './persistent-volume.ts';

/** Where keys go: claims by `namespace/name`, volumes by handle. */
export interface Queues {
  claim(key: string): void;
  volume(handle: string): void;
  /** Claims, by `namespace/name`, that may have to grow. */
  growth(key: string): void;
  /** As `claim`, a little later and once for many calls: looking for a place is dear. */
  claimSoon(key: string): void;
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
    // The report often tells of the room before: the object is removed once the volume is.
    caches.logicalVolumes.onChange(({ before, after }) => {
      if (before && takesLess(before, after)) queueForRoom(before.spec.nodeName, caches, queues);
    }),
    caches.persistentVolumes.onChange(({ before, after }) => {
      const volume = after ?? before;
      if (volume) queuePersistentVolume(volume, queues);
    }),
    caches.waitingPods.onChange(({ after }) => {
      if (after !== undefined && isUnschedulable(after)) queueClaimsOf(after, caches, queues);
    }),
    caches.nodes.onChange(({ key, after }) => {
      if (after === undefined) queueNode(key, caches, queues);
    }),
    caches.nodes.onChange(({ before, after }) => {
      const cameFree = after !== undefined && !after.spec?.unschedulable && (!before || before.spec?.unschedulable);
      if (cameFree) queueUnplaced(caches, queues);
    }),
    caches.classes.onChange(({ key, after }) => {
      if (after === undefined) return;
      for (const claim of caches.unboundClaims()) {
        if (claim.spec?.storageClassName === key) queueClaim(claim, queues);
      }
    }),
    caches.nodeStorages.onChange(({ key, before, after }) => {
      if (after !== undefined && hasMoreRoom(before, after)) queueForRoom(key, caches, queues);
    }),
  ];
  return () => {
    for (const disconnect of connections) disconnect();
  };
};

/** Queues everything there is: at the start, and now and then in case a change was missed. */
export const queueEverything = (caches: Caches, queues: Queues): void => {
  for (const claim of caches.unboundClaims()) queueClaim(claim, queues);
  for (const volume of caches.logicalVolumes.list()) queues.volume(volume.metadata.name);
  for (const volume of caches.persistentVolumes.list()) queuePersistentVolume(volume, queues);
};

/** Claims that may have waited for room on the node. */
const queueForRoom = (nodeName: string, caches: Caches, queues: Queues): void => {
  queueUnplaced(caches, queues);
  queueGrowth(nodeName, caches, queues);
};

/** Claims that nobody has found a node for: those with volumeBindingMode Immediate are ours to place. */
const queueUnplaced = (caches: Caches, queues: Queues): void => {
  for (const claim of caches.unboundClaims()) {
    if (isHandedToUs(claim) && selectedNodeOf(claim) === undefined) queues.claimSoon(keyOf(claim));
  }
};

/** Claims that an unschedulable pod waits for, to tell it why. */
const queueClaimsOf = (pod: Pod, caches: Caches, queues: Queues): void => {
  for (const key of claimKeysOf(pod)) {
    const claim = caches.claims.get(key);
    if (claim && !claim.spec?.volumeName) queues.claimSoon(key);
  }
};

/** Claims on a node that could not grow for want of room. */
const queueGrowth = (nodeName: string, caches: Caches, queues: Queues): void => {
  for (const { spec } of caches.volumesOnNode(nodeName)) {
    const key = `${spec.claim.namespace}/${spec.claim.name}`;
    const claim = caches.claims.get(key);
    if (claim && resizeStepOf(claim) === 'ControllerResizeInfeasible') queues.growth(key);
  }
};

const hasMoreRoom = (before: NodeStorage | undefined, after: NodeStorage): boolean =>
  (after.status?.groups ?? []).some((group) => {
    const old = before?.status?.groups?.find(({ uuid }) => uuid === group.uuid);
    return old === undefined || group.problem !== old.problem || bytes(group.free) > bytes(old.free);
  });

const takesLess = (before: LogicalVolume, after: LogicalVolume | undefined): boolean =>
  after === undefined || bytes(after.spec.size) < bytes(before.spec.size);

/** What can't be read is no reason to wake anybody. */
const bytes = (quantity: string): number => {
  try {
    return parseQuantity(quantity);
  } catch {
    return 0;
  }
};

const keyOf = ({ metadata }: PersistentVolumeClaim): string => `${metadata?.namespace}/${metadata?.name}`;

const queueClaim = (claim: PersistentVolumeClaim, queues: Queues): void => {
  const { metadata } = claim;
  queues.claim(keyOf(claim));
  queues.growth(keyOf(claim));
  queues.volume(volumeName(metadata?.uid ?? ''));
};

const queueLogicalVolume = ({ metadata, spec }: LogicalVolume, queues: Queues): void => {
  queues.volume(metadata.name);
  queues.claim(`${spec.claim.namespace}/${spec.claim.name}`);
  queues.growth(`${spec.claim.namespace}/${spec.claim.name}`);
};

const queuePersistentVolume = (volume: PersistentVolume, queues: Queues): void => {
  const handle = volume.spec?.csi?.volumeHandle;
  if (!isOurs(volume) || handle === undefined) return;
  queues.volume(handle);
  const { namespace, name } = volume.spec?.claimRef ?? {};
  if (!namespace || !name) return;
  queues.claim(`${namespace}/${name}`);
  queues.growth(`${namespace}/${name}`);
};

const queueNode = (nodeName: string, caches: Caches, queues: Queues): void => {
  for (const volume of caches.volumesOnNode(nodeName)) queueLogicalVolume(volume, queues);
  for (const claim of caches.unboundClaims()) if (selectedNodeOf(claim) === nodeName) queueClaim(claim, queues);
};
