import { claim, node, nodeStorage, pod, storageClass, volume } from '@berth/extender/testing/fixture';
import { nodeNames } from './cluster.ts';

/** A collection made as it is read, so that the stand-in stays small. */
export interface Collection {
  readonly count: number;
  item(index: number): unknown;
}

const APPLICATION = { 'es-cluster-name': 'es' };

/** What a cluster with so many nodes and volumes holds, by plural name: each volume with its claim and the pod that uses it. */
export const collections = (size: { nodes: number; volumes: number }): Readonly<Record<string, Collection>> => {
  const names = nodeNames(size.nodes);
  const nameOf = (index: number) => names[index % names.length] ?? '';
  const of = (count: number, item: (index: number) => object): Collection => ({
    count,
    item: (index) => withBulk(item(index), index),
  });
  return {
    nodes: of(size.nodes, (index) => ({
      ...node(nameOf(index), { rack: `r${index % 40}` }),
      status: { images: IMAGES },
    })),
    nodestorages: of(size.nodes, (index) => nodeStorage(nameOf(index), 4000)),
    storageclasses: of(1, () => storageClass('fast')),
    logicalvolumes: of(size.volumes, (index) =>
      volume(`data-${index}`, nameOf(index), { gib: 10, cluster: `es-${index % 500}` }),
    ),
    persistentvolumeclaims: of(size.volumes, (index) =>
      claim(`data-${index}`, { volumeName: `pvc-uid-data-${index}` }),
    ),
    pods: of(size.volumes, (index) => runningPod(index, nameOf(index))),
    agents: of(size.nodes, (index) => agentPod(index, nameOf(index))),
  };
};

const agentPod = (index: number, nodeName: string) => ({
  metadata: { name: `berth-agent-${index}`, namespace: 'berth-system', uid: `agent-${index}` },
  spec: { nodeName, containers: CONTAINERS },
  status: { phase: 'Running', conditions: [...BULK, { type: 'Ready', status: 'True' }] },
});

const runningPod = (index: number, nodeName: string) => {
  const made = pod(`es-${index}`, [`data-${index}`], { labels: APPLICATION, nodeName });
  return { ...made, spec: { ...made.spec, containers: CONTAINERS }, status: { phase: 'Running', conditions: BULK } };
};

/** managedFields and the like: as much text as real objects carry beside what is read. */
const BULK = Array.from({ length: 8 }, (_, index) => ({
  manager: `manager-${index}`,
  fieldsV1: { f: 'x'.repeat(150) },
}));
const IMAGES = Array.from({ length: 40 }, (_, index) => ({ names: [`registry/image-${index}:${'y'.repeat(64)}`] }));
const CONTAINERS = [{ name: 'main', image: 'registry/app:1', env: [{ name: 'A', value: 'z'.repeat(1500) }] }];

const withBulk = (object: { metadata?: object }, index: number): object => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(index + 1), managedFields: BULK },
});
