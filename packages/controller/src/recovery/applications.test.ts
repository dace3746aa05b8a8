import { REMOVE_NODE_ANNOTATION } from '@berth/contract/names';
import { NODES } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { createLostNodeCluster } from '../testing/lost-node-cluster.ts';
import type { LostNodeCluster, LostNodeOptions } from '../testing/lost-nodes.ts';

/** Node b, which is to be removed, has one member of es and two others. */
const setUp = async (labels: readonly Readonly<Record<string, string>>[], options: LostNodeOptions = {}) => {
  const cluster = await createLostNodeCluster(options);
  for (const [index, each] of labels.entries()) await cluster.addSet(`set${index}`, each);
  const metadata = { annotations: { [REMOVE_NODE_ANNOTATION]: 'true' } };
  await cluster.api.mergePatch(NODES, { name: 'b' }, { metadata, spec: { unschedulable: true } });
  return cluster;
};

/** The reasons that were told of, without their sentences. */
const reasons = ({ told }: LostNodeCluster) => told.map((event) => event.split(':')[0]);

describe('members on one node', () => {
  it('of sets that belong to different applications do not wait for each other', async () => {
    const cluster = await setUp([{ 'es-cluster-name': 'logs' }, { 'es-cluster-name': 'search' }]);
    await cluster.step();
    expect(await cluster.records()).toEqual(['es-1 Done', 'set0-1 Done', 'set1-1 Done']);
  });

  it('of sets of one application go one at a time', async () => {
    const cluster = await setUp([{ 'es-cluster-name': 'logs' }, { 'es-cluster-name': 'logs' }]);
    await cluster.step();
    expect(await cluster.records()).toEqual(['es-1 Done', 'set0-1 Done']);
    await cluster.step();
    expect(await cluster.records()).toEqual(['es-1 Done', 'set0-1 Done']);
    expect(cluster.told.at(-1)).toMatch(/^RecoveryRefused: .* set1-1; only 4 of 5 other members are ready/);
  });

  it('of sets of one application go one at a time also where the loss is confirmed', async () => {
    const cluster = await setUp([{ 'es-cluster-name': 'logs' }, { 'es-cluster-name': 'logs' }]);
    for (const member of ['set0-1', 'set1-1']) await cluster.confirm(member);
    await cluster.step();
    expect(await cluster.records()).toEqual(['es-1 Done', 'set0-1 Done']);
    await cluster.step();
    expect(await cluster.records()).toEqual(['es-1 Done', 'set0-1 Done', 'set1-1 Done']);
  });

  it('of different applications are all told of in a dry run', async () => {
    const cluster = await setUp([{ 'es-cluster-name': 'logs' }, { 'es-cluster-name': 'search' }], { mode: 'dry-run' });
    await cluster.step();
    await cluster.step();
    expect(await cluster.records()).toEqual(['es-1 dry-run', 'set0-1 dry-run', 'set1-1 dry-run']);
    expect(reasons(cluster)).toEqual(['RecoveryDryRun', 'RecoveryDryRun', 'RecoveryDryRun']);
  });
});
