import { REMOVE_NODE_ANNOTATION } from '@berth/contract/names';
import type { KubeClient } from '@berth/kube/client';
import { LOGICAL_VOLUMES, NODES } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { createLostNodeCluster } from '../testing/lost-node-cluster.ts';

const ALL = ['es-0', 'es-1', 'es-2', 'data-es-0', 'data-es-1', 'data-es-2'];

describe('a node that is to be removed', () => {
  const askFor = ({ api }: { readonly api: KubeClient }, name: string) =>
    api.mergePatch(
      NODES,
      { name },
      { metadata: { annotations: { [REMOVE_NODE_ANNOTATION]: 'true' } }, spec: { unschedulable: true } },
    );

  it('loses its members at once and gracefully, each when all others are ready', async () => {
    const cluster = await createLostNodeCluster({ recovery: 'node-deleted' });
    for (const name of ['b', 'c']) await askFor(cluster, name);
    for (let turn = 0; turn < 3; turn += 1) await cluster.step();
    expect(await cluster.records()).toEqual(['es-1 Done']);
    expect(cluster.deletions).toEqual(['data-es-1 gracefully', 'es-1 gracefully']);
    await cluster.makeClaim(1);
    await cluster.makePod(1, 'True');
    await cluster.step();
    await cluster.step();
    expect(await cluster.records()).toEqual(['es-1 Done', 'es-2 Done']);
  });

  it('keeps its member while another is not ready, and says so', async () => {
    const cluster = await createLostNodeCluster();
    await cluster.setReady(0, 'False');
    await askFor(cluster, 'b');
    await cluster.step();
    expect(await cluster.present()).toEqual(ALL);
    expect(cluster.told.at(-1)).toMatch(/^RecoveryRefused: node b is to be removed, .* only 1 of 2 other members/);
  });

  it('keeps what its class does not let go, and says so', async () => {
    const cluster = await createLostNodeCluster({ recovery: 'none' });
    await askFor(cluster, 'b');
    await cluster.step();
    expect(await cluster.present()).toEqual(ALL);
    expect(cluster.told).toEqual([
      'RecoveryRefused: node b is to be removed, but the class of claim data-es-1 of pod es-1 forbids recovery then',
    ]);
  });

  it('says when none of its volumes is left', async () => {
    const cluster = await createLostNodeCluster();
    await askFor(cluster, 'b');
    await cluster.step();
    expect(cluster.told.some((event) => event.startsWith('NodeEmpty'))).toBe(false);
    await cluster.api.mergePatch(LOGICAL_VOLUMES, { name: 'pvc-1' }, { metadata: { finalizers: [] } });
    await cluster.api.delete(LOGICAL_VOLUMES, { name: 'pvc-1' });
    await cluster.step();
    expect(cluster.told.at(-1)).toBe('NodeEmpty: no volume is left on the node; it may be drained and removed');
  });

  it('is left alone once it is no longer cordoned', async () => {
    const cluster = await createLostNodeCluster();
    await askFor(cluster, 'b');
    await cluster.api.mergePatch(NODES, { name: 'b' }, { spec: { unschedulable: false } });
    await cluster.step();
    expect(await cluster.present()).toEqual(ALL);
  });

  it('waits for no word of a pod when its kubelet is silent', async () => {
    const cluster = await createLostNodeCluster();
    await cluster.setNodeReady('b', 'Unknown');
    await askFor(cluster, 'b');
    for (let turn = 0; turn < 2; turn += 1) await cluster.step();
    expect(cluster.deletions).toEqual(['data-es-1 gracefully', 'es-1 0']);
  });
});
