import { REMOVE_NODE_ANNOTATION } from '@berth/contract/names';
import { CLAIMS, LOGICAL_VOLUMES, NODES, PODS } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { createLostNodeCluster } from '../testing/lost-node-cluster.ts';
import type { LostNodeCluster } from '../testing/lost-nodes.ts';

const MEMBERS = ['es-0', 'es-1', 'es-2'];

interface Scenario {
  readonly name: string;
  readonly play: (cluster: LostNodeCluster) => Promise<void>;
  readonly records: readonly string[];
  readonly deletions: readonly string[];
}

/** The set makes a member again whose pod and claim are gone, and it becomes ready. */
const makeAgain = async (cluster: LostNodeCluster): Promise<void> => {
  const present = await cluster.present();
  for (const [index, name] of MEMBERS.entries()) {
    if (present.includes(name) || present.includes(`data-${name}`)) continue;
    await cluster.makeClaim(index);
    await cluster.makePod(index, 'True');
  }
};

/**
 * As it goes when the set is quicker than the protection of claims in use: the pod is there again, without a node, while its old
 * claim is still being deleted. The steps that follow take a turn each.
 */
const makePodAgainFirst = async (cluster: LostNodeCluster): Promise<void> => {
  const ref = { namespace: 'shop', name: 'es-1' };
  const claimRef = { namespace: 'shop', name: 'data-es-1' };
  const pod = await cluster.api.get(PODS, ref);
  const claim = await cluster.api.get(CLAIMS, claimRef);
  if (pod === undefined) await cluster.makePod(1, 'False', false);
  else if (claim === undefined) await cluster.makeClaim(1);
  else if (pod.spec?.nodeName) return;
  else if (claim.metadata?.deletionTimestamp) {
    await cluster.api.mergePatch(CLAIMS, claimRef, { metadata: { finalizers: null } });
  } else {
    await cluster.api.mergePatch(PODS, ref, { spec: { nodeName: 'a' } });
    await cluster.setReady(1, 'True');
  }
};

const stepSome = async (cluster: LostNodeCluster, others = makeAgain): Promise<void> => {
  for (let step = 0; step < 6; step += 1) {
    await cluster.step();
    const missing = MEMBERS.length - (await cluster.api.list(PODS)).items.length;
    expect(missing).toBeLessThanOrEqual(1);
    await others(cluster);
  }
};

const scenarios: readonly Scenario[] = [
  {
    name: 'a node is deleted',
    play: async (cluster) => {
      await cluster.api.delete(NODES, { name: 'b' });
      await cluster.setReady(1, 'False');
      for (let step = 0; step < 2; step += 1) await cluster.step();
      await cluster.clock.advance(300_000);
      await stepSome(cluster);
    },
    records: ['es-1 Done'],
    deletions: ['data-es-1 gracefully', 'es-1 0'],
  },
  {
    name: 'a node is silent for longer than its grace',
    play: async (cluster) => {
      await cluster.setNodeReady('b', 'Unknown');
      await cluster.setReady(1, 'False');
      await cluster.clock.advance(900_000);
      await stepSome(cluster);
    },
    records: ['es-1 Done'],
    deletions: ['data-es-1 gracefully', 'es-1 0'],
  },
  {
    name: 'a node is silent, and the set makes the pod again before the old claim is gone',
    play: async (cluster) => {
      const metadata = { finalizers: ['kubernetes.io/pvc-protection'] };
      await cluster.api.mergePatch(CLAIMS, { namespace: 'shop', name: 'data-es-1' }, { metadata });
      await cluster.setNodeReady('b', 'Unknown');
      await cluster.setReady(1, 'False');
      await cluster.clock.advance(900_000);
      await stepSome(cluster, makePodAgainFirst);
      expect((await cluster.api.get(PODS, { namespace: 'shop', name: 'es-1' }))?.spec?.nodeName).toBe('a');
    },
    records: ['es-1 Done'],
    deletions: ['data-es-1 gracefully', 'es-1 0'],
  },
  {
    name: 'two nodes are to be removed',
    play: async (cluster) => {
      const patch = { metadata: { annotations: { [REMOVE_NODE_ANNOTATION]: 'true' } }, spec: { unschedulable: true } };
      for (const name of ['b', 'c']) await cluster.api.mergePatch(NODES, { name }, patch);
      for (let turn = 0; turn < 2; turn += 1) await stepSome(cluster);
    },
    records: ['es-1 Done', 'es-2 Done'],
    deletions: ['data-es-1 gracefully', 'es-1 gracefully', 'data-es-2 gracefully', 'es-2 gracefully'],
  },
];

const run = async ({ play, records, deletions }: Scenario, crash?: { call: number; when: 'before' | 'after' }) => {
  const cluster = await createLostNodeCluster(crash === undefined ? {} : { crashes: [crash] });
  const volumes = async () => (await cluster.api.list(LOGICAL_VOLUMES)).items.map(({ metadata }) => metadata.name);
  await play(cluster);
  const where = crash && `with a crash ${crash.when} call ${crash.call}`;
  expect(await cluster.records(), where).toEqual(records);
  expect(cluster.deletions, where).toEqual(deletions);
  expect(cluster.unreadyThen, where).toEqual([]);
  // The recovery deletes claims and pods only; volumes go with their claims.
  expect(await volumes(), where).toEqual(['pvc-0', 'pvc-1', 'pvc-2']);
  cluster.stop();
  return cluster.calls();
};

describe.each(scenarios)('when $name', (scenario) => {
  it('each member moves once, also with a crash before or after any call', { timeout: 180_000 }, async () => {
    const calls = await run(scenario);
    expect(calls).toBeGreaterThan(5);
    for (let call = 0; call < calls; call += 1) {
      for (const when of ['before', 'after'] as const) await run(scenario, { call, when });
    }
  });
});
