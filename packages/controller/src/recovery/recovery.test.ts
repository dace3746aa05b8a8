import { CONFIRM_DATA_LOSS_ANNOTATION } from '@berth/contract/names';
import { CLAIMS, LOGICAL_VOLUMES, NODES, VOLUME_RECOVERIES } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { NODE_GONE_SINCE } from '../mark.ts';
import { Crash } from '../testing/crashing-client.ts';
import { createLostNodeCluster } from '../testing/lost-node-cluster.ts';
import type { LostNodeCluster } from '../testing/lost-nodes.ts';

const ALL = ['es-0', 'es-1', 'es-2', 'data-es-0', 'data-es-1', 'data-es-2'];
const WITHOUT_ONE = ['es-0', 'es-2', 'data-es-0', 'data-es-2'];

/** Node b is deleted, and nobody registers it again. */
const lose = async (cluster: LostNodeCluster) => {
  await cluster.api.delete(NODES, { name: 'b' });
  await cluster.setReady(1, 'False');
  for (let step = 0; step < 2; step += 1) await cluster.step();
  await cluster.clock.advance(300_000);
  for (let step = 0; step < 3; step += 1) await cluster.step();
};

describe('a node that is deleted', () => {
  it('makes its member start again empty, after the grace, with a record and an event', async () => {
    const cluster = await createLostNodeCluster({ recovery: 'node-deleted' });
    await lose(cluster);
    expect(await cluster.present()).toEqual(WITHOUT_ONE);
    expect(await cluster.records()).toEqual(['es-1 Done']);
    expect(cluster.told).toEqual([
      'RecoveryDecided: node b was deleted, which holds data-es-1 of pod es-1; all 2 other members are ready: giving the data up; the pod starts again with empty volumes',
    ]);
  });

  it('loses nothing when the node is registered again within the grace (trap 91)', async () => {
    const cluster = await createLostNodeCluster();
    await cluster.api.delete(NODES, { name: 'b' });
    await cluster.step();
    const volume = () => cluster.api.get(LOGICAL_VOLUMES, { name: 'pvc-1' });
    expect((await volume())?.metadata.annotations).toHaveProperty([NODE_GONE_SINCE]);
    await cluster.clock.advance(299_000);
    await cluster.api.create(NODES, { metadata: { name: 'b' } });
    await cluster.step();
    await cluster.clock.advance(600_000);
    await cluster.step();
    expect(await cluster.present()).toEqual(ALL);
    expect((await volume())?.metadata.annotations).not.toHaveProperty([NODE_GONE_SINCE]);
  });

  it('takes one member after the other, the next when the first is ready again', async () => {
    const cluster = await createLostNodeCluster();
    for (const name of ['b', 'c']) await cluster.api.delete(NODES, { name });
    await cluster.setReady(1, 'False');
    await cluster.step();
    await lose(cluster);
    expect(await cluster.records()).toEqual(['es-1 Done']);
    await cluster.makeClaim(1);
    await cluster.makePod(1, 'False');
    await cluster.setReady(2, 'False');
    await cluster.step();
    expect(await cluster.records()).toEqual(['es-1 Done']);
    expect(cluster.told.at(-1)).toMatch(/^RecoveryRefused: .* only 1 of 2 other members are ready \(not es-1\)/);
    await cluster.setReady(1, 'True');
    await cluster.step();
    expect(await cluster.records()).toEqual(['es-1 Done', 'es-2 Done']);
  });

  it('only tells in a dry run', async () => {
    const cluster = await createLostNodeCluster({ mode: 'dry-run' });
    await lose(cluster);
    expect(await cluster.present()).toEqual(ALL);
    expect(await cluster.records()).toEqual(['es-1 dry-run']);
    expect(cluster.told).toHaveLength(1);
    expect(cluster.told[0]).toMatch(/^RecoveryDryRun: .*would give the data up/);
  });

  it('changes nothing when the class does not ask for recovery', async () => {
    const cluster = await createLostNodeCluster({ recovery: 'none' });
    await lose(cluster);
    expect(await cluster.present()).toEqual(ALL);
    expect(cluster.told).toEqual([]);
  });

  it('changes nothing when recovery is off, and says so', async () => {
    const cluster = await createLostNodeCluster({ mode: 'off' });
    await lose(cluster);
    expect(await cluster.present()).toEqual(ALL);
    expect(cluster.told[0]).toMatch(/^RecoveryRefused: .*switched off/);
  });

  it('obeys the confirmation of this very claim', async () => {
    const cluster = await createLostNodeCluster();
    await cluster.setReady(0, 'False');
    await lose(cluster);
    expect(await cluster.present()).toEqual(ALL);
    const ref = { namespace: 'shop', name: 'data-es-1' };
    const confirm = (uid: string) =>
      cluster.api.mergePatch(CLAIMS, ref, { metadata: { annotations: { [CONFIRM_DATA_LOSS_ANNOTATION]: uid } } });
    await confirm('of an earlier claim');
    await cluster.step();
    expect(await cluster.present()).toEqual(ALL);
    await confirm((await cluster.api.get(CLAIMS, ref))?.metadata?.uid ?? '');
    await cluster.step();
    expect(await cluster.present()).toEqual(WITHOUT_ONE);
  });
});

describe('a node that is silent', () => {
  it('makes its member start again only where the class says node-lost, and after its grace', async () => {
    for (const [recovery, expected] of [
      ['node-deleted', ALL],
      ['node-lost', WITHOUT_ONE],
    ] as const) {
      const cluster = await createLostNodeCluster({ recovery });
      await cluster.setNodeReady('b', 'Unknown');
      await cluster.setReady(1, 'False');
      await cluster.clock.advance(899_000);
      await cluster.step();
      expect(await cluster.present()).toEqual(ALL);
      await cluster.clock.advance(1_000);
      await cluster.step();
      expect(await cluster.present()).toEqual(expected);
    }
  });

  it('that comes back between the decision and the first deletion loses nothing (trap 91)', async () => {
    const cluster = await createLostNodeCluster();
    await cluster.setNodeReady('b', 'Unknown');
    await cluster.setReady(1, 'False');
    await cluster.clock.advance(900_000);
    cluster.api.beforeCall((call) => {
      if (call.startsWith('PATCH') && call.includes('volumerecoveries')) throw new Crash('the power went');
    });
    await cluster.step();
    cluster.api.beforeCall(undefined);
    expect(await cluster.records()).toEqual(['es-1 undecided']);
    await cluster.setNodeReady('b', 'True');
    await cluster.step();
    expect(await cluster.records()).toEqual(['es-1 Cancelled']);
    expect(await cluster.present()).toEqual(ALL);
  });

  it('and is lost again after it came back is decided about again', async () => {
    const cluster = await createLostNodeCluster();
    const goSilent = async () => {
      await cluster.setNodeReady('b', 'Unknown');
      await cluster.setReady(1, 'False');
      await cluster.clock.advance(900_000);
    };
    await goSilent();
    cluster.api.beforeCall((call) => {
      if (call.startsWith('PATCH') && call.includes('volumerecoveries')) throw new Crash('the power went');
    });
    await cluster.step();
    cluster.api.beforeCall(undefined);
    await cluster.setNodeReady('b', 'True');
    await cluster.step();
    await goSilent();
    for (let turn = 0; turn < 2; turn += 1) await cluster.step();
    expect(await cluster.records()).toEqual(['es-1 Cancelled', 'es-1 Done']);
    expect(await cluster.present()).toEqual(WITHOUT_ONE);
  });
});

describe('records', () => {
  const DAY_MS = 24 * 3_600_000;

  it('stay for a while after what they tell of is over, and then go', async () => {
    const cluster = await createLostNodeCluster({ recovery: 'node-deleted' });
    await lose(cluster);
    await cluster.clock.advance(89 * DAY_MS);
    await cluster.step();
    expect(await cluster.records()).toEqual(['es-1 Done']);
    await cluster.clock.advance(DAY_MS);
    await cluster.step();
    expect(await cluster.records()).toEqual([]);
  });

  it('of what is not over yet stay for ever', async () => {
    const cluster = await createLostNodeCluster();
    await cluster.api.create(VOLUME_RECOVERIES, {
      metadata: { name: 'recovery-x', creationTimestamp: '2020-01-01T00:00:00Z' },
      spec: { nodeName: 'b', pod: { namespace: 'shop', name: 'x', uid: 'x' }, claims: [], reason: 'r', dryRun: false },
    });
    cluster.api.beforeCall((call) => {
      if (call.startsWith('PATCH') && call.includes('volumerecoveries')) throw new Crash('the power went');
    });
    await cluster.step();
    expect(await cluster.records()).toEqual(['x undecided']);
  });
});
