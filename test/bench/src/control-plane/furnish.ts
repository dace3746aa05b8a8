import { join } from 'node:path';
import { node, nodeStorage, storageClass } from '@berth/extender/testing/fixture';
import { CLASSES, NODE_STORAGES, NODES } from '@berth/kube/resources';
import type { Node } from '@berth/kube/types';
import { nodeNames } from '../extender/cluster.ts';
import type { Bare } from './control-plane.ts';

/** Calls to the API server under way at once. */
const WIDTH = 24;
/** What each node has free. */
export const NODE_GIB = 4000;

export interface Furniture {
  readonly nodes: number;
  /** Whose service account and rights are brought in. */
  readonly role: 'extender' | 'controller';
}

/** What Berth brings into a cluster, a class `fast`, and so many nodes without machines behind them, all with room. */
export const furnish = async ({ kubectl, client, repository }: Bare, { nodes, role }: Furniture): Promise<void> => {
  const base = join(repository, 'deploy/base');
  const files = ['namespace.yaml', 'crds', `rbac/${role}.yaml`].flatMap((file) => ['-f', join(base, file)]);
  await kubectl(['apply', ...files]);
  await kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
  await client.create(CLASSES, { ...storageClass('fast'), volumeBindingMode: 'WaitForFirstConsumer' });
  await inParallel(nodeNames(nodes), async (name) => {
    await client.create(NODES, silentNode(name));
    const { status } = nodeStorage(name, NODE_GIB);
    await client.create(NODE_STORAGES, { metadata: { name } });
    await client.mergePatch(NODE_STORAGES, { name }, { status: status ?? {} }, { subresource: 'status' });
  });
};

const silentNode = (name: string): Node => ({
  ...node(name),
  status: {
    allocatable: { cpu: '64', memory: '256Gi', pods: '250' },
    capacity: { cpu: '64', memory: '256Gi', pods: '250' },
    conditions: [{ type: 'Ready', status: 'True' }],
  },
});

/** Does the work for each item, for `width` of them at once. */
export const inParallel = async <T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
  width = WIDTH,
): Promise<void> => {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const item of rest) await work(item);
    }),
  );
};
