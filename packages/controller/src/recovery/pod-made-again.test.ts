import { CLAIMS, PODS, VOLUME_RECOVERIES } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { Crash } from '../testing/crashing-client.ts';
import { createLostNodeCluster } from '../testing/lost-node-cluster.ts';
import type { LostNodeCluster } from '../testing/lost-nodes.ts';

const POD = { namespace: 'shop', name: 'es-1' };
const CLAIM = { namespace: 'shop', name: 'data-es-1' };

/** Node b is silent for longer than its grace. */
const goSilent = async () => {
  const cluster = await createLostNodeCluster();
  await cluster.setNodeReady('b', 'Unknown');
  await cluster.setReady(1, 'False');
  await cluster.clock.advance(900_000);
  return cluster;
};

/** A claim that is deleted stays for now, as it does while kube-controller-manager sees a pod use it. */
const protect = ({ api }: LostNodeCluster) =>
  api.mergePatch(CLAIMS, CLAIM, { metadata: { finalizers: ['kubernetes.io/pvc-protection'] } });

const deleteByHand = async ({ api }: LostNodeCluster) => api.delete(PODS, POD, { gracePeriodSeconds: 0 });

describe('a pod that its set has made again and that has no node yet', () => {
  it('starts again no second time while its old claim is on its way out', async () => {
    const cluster = await goSilent();
    await protect(cluster);
    await cluster.step();
    expect((await cluster.api.get(CLAIMS, CLAIM))?.metadata?.deletionTimestamp).toBeDefined();
    const made = await cluster.makePod(1, 'False', false);
    for (let turn = 0; turn < 2; turn += 1) await cluster.step();
    expect(await cluster.records()).toEqual(['es-1 Done']);
    expect((await cluster.api.get(PODS, POD))?.metadata?.uid).toBe(made.metadata?.uid);
    expect(cluster.told).toHaveLength(1);
  });

  it('is left alone while a decision about its old claim is still to be carried out', async () => {
    const cluster = await goSilent();
    cluster.api.beforeCall((call) => {
      if (call.startsWith('PATCH') && call.includes('volumerecoveries')) throw new Crash('the power went');
    });
    await cluster.step();
    cluster.api.beforeCall(undefined);
    expect(await cluster.records()).toEqual(['es-1 undecided']);
    await deleteByHand(cluster);
    await cluster.makePod(1, 'False', false);
    await cluster.step();
    expect(await cluster.records()).toEqual(['es-1 Done']);
    expect(cluster.deletions).toEqual(['data-es-1 gracefully']);
  });

  it('starts again when nothing was decided about the claim that it waits for', async () => {
    const cluster = await goSilent();
    await deleteByHand(cluster);
    await cluster.makePod(1, 'False', false);
    await cluster.step();
    expect(await cluster.records()).toEqual(['es-1 Done']);
    expect(cluster.deletions).toEqual(['data-es-1 gracefully', 'es-1 0']);
  });

  it('starts again when the decision about its claim was cancelled or only told', async () => {
    const cluster = await goSilent();
    const uid = (await cluster.api.get(CLAIMS, CLAIM))?.metadata?.uid ?? '';
    const claims = [{ name: CLAIM.name, uid, volume: 'pvc-1' }];
    const spec = { nodeName: 'b', pod: { ...POD, uid: 'earlier' }, claims, reason: 'r', dryRun: false };
    const status = { phase: 'Cancelled' as const };
    await cluster.api.create(VOLUME_RECOVERIES, { metadata: { name: 'recovery-earlier' }, spec, status });
    const told = { ...spec, dryRun: true };
    await cluster.api.create(VOLUME_RECOVERIES, { metadata: { name: 'dry-run-earlier' }, spec: told });
    await deleteByHand(cluster);
    await cluster.makePod(1, 'False', false);
    await cluster.step();
    expect(cluster.deletions).toEqual(['data-es-1 gracefully', 'es-1 0']);
  });
});

describe('a pod on the lost node', () => {
  it('starts again also when somebody has deleted its claim: the claim would stay as long as the pod', async () => {
    const cluster = await goSilent();
    await protect(cluster);
    await cluster.api.delete(CLAIMS, CLAIM);
    await cluster.step();
    expect(await cluster.records()).toEqual(['es-1 Done']);
    expect(cluster.deletions).toEqual(['es-1 0']);
  });
});
