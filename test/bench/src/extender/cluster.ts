import { claim, createFixture, node, nodeStorage, pod, storageClass } from '@berth/extender/testing/fixture';

/** The names of a large cluster's nodes, as long as real ones. */
export const nodeNames = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `worker-${String(index).padStart(5, '0')}.rack-${index % 40}`);

const SIZE_GIB = 4000;
const VOLUME_GIB = 10;

/**
 * The extender over caches that hold so many nodes, each with so many volumes, and a pod with two claims. The caches are
 * filled by hand; all else is what runs in production.
 */
export const createCluster = (shape: { readonly nodes: number; readonly volumesPerNode: number }) => {
  const berth = createFixture();
  const { caches } = berth;
  const names = nodeNames(shape.nodes);
  caches.classes.put(storageClass('fast'));
  for (const [index, name] of names.entries()) {
    caches.nodes.put(node(name, { rack: `r${index % 40}` }));
    caches.storages.put(nodeStorage(name, SIZE_GIB - (index % 97)));
    for (let volume = 0; volume < shape.volumesPerNode; volume += 1) caches.volumes.put(volumeOn(name, volume));
  }
  const waiting = pod('waiting', ['data', 'log']);
  for (const name of ['data', 'log']) caches.claims.put(claim(name));
  return { berth, names, pod: waiting };
};

const volumeOn = (nodeName: string, index: number) => {
  const uid = `${nodeName}-${index}`;
  return {
    metadata: { name: `pvc-${uid}` },
    spec: {
      nodeName,
      medium: 'nvme' as const,
      size: `${VOLUME_GIB}Gi`,
      volumeMode: 'Filesystem' as const,
      fsType: 'xfs' as const,
      claim: { namespace: 'prod', name: `claim-${uid}`, uid },
    },
    status: { phase: 'Ready' as const, size: `${VOLUME_GIB}Gi` },
  };
};
