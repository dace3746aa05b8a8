import { join } from 'node:path';
import { claim, node, nodeStorage, pod, storageClass } from '@berth/extender/testing/fixture';
import { CLAIMS, CLASSES, NODE_STORAGES, NODES, PODS } from '@berth/kube/resources';
import type { Node, Pod } from '@berth/kube/types';
import { nodeNames } from '../extender/cluster.ts';
import type { Bare } from './control-plane.ts';

/** Calls to the API server under way at once. */
const WIDTH = 24;
const NODE_GIB = 4000;

/** So many nodes without machines behind them, all with room, and what Berth brings into a cluster. */
export const furnish = async ({ kubectl, client, repository }: Bare, nodes: number): Promise<void> => {
  const base = join(repository, 'deploy/base');
  const files = ['namespace.yaml', 'crds', 'rbac/extender.yaml'].flatMap((file) => ['-f', join(base, file)]);
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

/** Pods of this prefix, each with two claims or with none, for kube-scheduler to find waiting. */
export const queuePods = async (
  { client }: Bare,
  wanted: { readonly prefix: string; readonly count: number; readonly withClaims: boolean },
): Promise<void> => {
  await inParallel([...Array(wanted.count).keys()], async (index) => {
    const name = `${wanted.prefix}-${index}`;
    const claims = wanted.withClaims ? [`${name}-data`, `${name}-log`] : [];
    for (const each of claims) {
      const { spec } = claim(each, { gib: 1 });
      await client.create(CLAIMS, {
        metadata: { name: each, namespace: 'default' },
        spec: { ...spec, accessModes: ['ReadWriteOnce'] },
      });
    }
    await client.create(PODS, waitingPod(name, { claims, index }));
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

/**
 * Nobody says that the nodes are there, so it tolerates that they are not. No pod asks for the same as another: from 1.36 on
 * kube-scheduler decides like pods in one go, but only where no extender is configured.
 */
const waitingPod = (name: string, { claims, index }: { claims: readonly string[]; index: number }): Pod => ({
  metadata: { name, namespace: 'default' },
  spec: {
    ...pod(name, claims).spec,
    automountServiceAccountToken: false,
    tolerations: [{ operator: 'Exists' }],
    containers: [
      { name: 'main', image: 'none', resources: { requests: { cpu: '10m', memory: String(16 * 1024 ** 2 + index) } } },
    ],
  },
});

const inParallel = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: WIDTH }, async () => {
      for (const item of rest) await work(item);
    }),
  );
};
