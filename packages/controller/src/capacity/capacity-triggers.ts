import type { Caches } from '../caches.ts';
import { nodeOfCapacity } from './capacity-object.ts';

/** Calls back with the name of every node whose room may have changed, from now on. Returns the way to stop. */
export const connectCapacityTriggers = (caches: Caches, queue: (nodeName: string) => void): (() => void) => {
  const everyNode = () => {
    for (const { metadata } of caches.nodeStorages.list()) queue(metadata.name);
  };
  const connections = [
    caches.nodeStorages.onChange(({ key }) => queue(key)),
    caches.logicalVolumes.onChange(({ before, after }) => {
      const volume = after ?? before;
      if (volume) queue(volume.spec.nodeName);
    }),
    caches.capacities.onChange(({ before, after }) => {
      const nodeName = nodeOfCapacity(after ?? before ?? { storageClassName: '' });
      if (nodeName !== undefined) queue(nodeName);
    }),
    caches.agents.onChange(({ before, after }) => {
      const nodeName = (after ?? before)?.spec?.nodeName;
      if (nodeName !== undefined) queue(nodeName);
    }),
    caches.classes.onChange(everyNode),
  ];
  everyNode();
  return () => {
    for (const disconnect of connections) disconnect();
  };
};
