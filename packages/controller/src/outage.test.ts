import type { KubeClient } from '@berth/kube/client';
import { CLAIMS, NODES } from '@berth/kube/resources';
import { silentLogger } from '@berth/runtime/logger';
import { createManualClock, type ManualClock } from '@berth/runtime/manual-clock';
import { createMetrics } from '@berth/runtime/metrics';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createCaches, startCaches } from './caches.ts';
import { runController } from './controller.ts';
import { aClass } from './testing/builders.ts';
import { createFakeCluster, type FakeCluster } from './testing/fake-cluster.ts';
import { createLostNodeCluster } from './testing/lost-node-cluster.ts';
import { createOutageClient, type Outage, type OutageClient } from './testing/outage-client.ts';
import { AGENTS, SETTINGS } from './testing/settings.ts';

/** The whole controller with its queues and watches, on a clock that the test moves. */
const start = async (api: KubeClient, clock: ManualClock, outage: Outage | undefined): Promise<OutageClient> => {
  const stop = new AbortController();
  onTestFinished(() => stop.abort(new Error('stopped')));
  const client = createOutageClient(api, clock, outage);
  const caches = createCaches({ agents: AGENTS, client, clock, logger: silentLogger });
  await startCaches(caches, stop.signal);
  const parts = { client, caches, clock, logger: silentLogger, metrics: createMetrics(), events: { record: () => {} } };
  const place = () => ({ reason: 'nothing is placed here' });
  void runController({ ...parts, ...SETTINGS, place }, stop.signal);
  return client;
};

interface World {
  readonly clock: ManualClock;
  /** What everybody else does in a second; they have no API server either while it is gone. */
  readonly step: () => Promise<void>;
}

/** Seconds until it is so. */
const secondsUntil = async (
  { clock, step }: World,
  client: OutageClient,
  isSo: () => Promise<boolean>,
): Promise<number> => {
  for (let second = 0; second < 900; second += 1) {
    if (await isSo()) return second;
    if (!client.isDown()) await step();
    await clock.advance(1_000);
  }
  throw new Error('it did not come about in 900 s');
};

const MY_CLAIM = { namespace: 'shop', name: 'data-es-0' };

const isBound = (cluster: FakeCluster) => async () => (await cluster.persistentVolume())?.status?.phase === 'Bound';
const hasGrown = (cluster: FakeCluster) => async () => {
  const status = (await cluster.claim())?.status;
  return status?.capacity?.storage === '30Gi' && status.allocatedResourceStatuses?.storage === undefined;
};
const isEmpty = (cluster: FakeCluster) => async () =>
  (await cluster.logicalVolume()) === undefined && (await cluster.persistentVolume()) === undefined;

interface Result {
  /** Calls made before the work began that the outage is to hit, and after it. */
  readonly calls: readonly [before: number, after: number];
  readonly seconds: number;
  readonly wasHit: boolean;
}

type Play = (outage: Outage | undefined) => Promise<Result>;

/** A claim is brought to where the work begins, then the work is done. */
const withClaim =
  (
    begin: ((cluster: FakeCluster) => Promise<unknown>) | undefined,
    isDone: (cluster: FakeCluster) => () => Promise<boolean>,
  ): Play =>
  async (outage) => {
    const cluster = await createFakeCluster({ storageClass: aClass({ allowVolumeExpansion: true }) });
    const world = { clock: createManualClock(), step: cluster.step };
    const client = await start(cluster.client, world.clock, outage);
    if (begin) await secondsUntil(world, client, isBound(cluster));
    // Nothing is left to do, so whatever is called from here on belongs to the work.
    if (begin) for (let second = 0; second < 5; second += 1) await world.clock.advance(1_000);
    const before = client.count();
    await begin?.(cluster);
    const seconds = await secondsUntil(world, client, isDone(cluster));
    return { calls: [before, client.count()], seconds, wasHit: client.hasBegun() };
  };

const recover: Play = async (outage) => {
  const cluster = await createLostNodeCluster({ recovery: 'node-deleted' });
  const client = await start(cluster.api, cluster.clock, outage);
  const before = client.count();
  await cluster.api.delete(NODES, { name: 'b' });
  await cluster.setReady(1, 'False');
  const isDone = async () => (await cluster.records()).join() === 'es-1 Done';
  const seconds = await secondsUntil({ clock: cluster.clock, step: async () => {} }, client, isDone);
  expect(await cluster.present()).toEqual(['es-0', 'es-2', 'data-es-0', 'data-es-2']);
  return { calls: [before, client.count()], seconds, wasHit: client.hasBegun() };
};

const ask = (cluster: FakeCluster) =>
  cluster.client.mergePatch(CLAIMS, MY_CLAIM, { spec: { resources: { requests: { storage: '30Gi' } } } });

const plays: readonly [name: string, play: Play][] = [
  ['a claim is bound', withClaim(undefined, isBound)],
  ['a volume grows', withClaim(ask, hasGrown)],
  ['a claim is deleted', withClaim((cluster) => cluster.client.delete(CLAIMS, MY_CLAIM), isEmpty)],
  ['a member of a node that was deleted starts again', recover],
];

const OUTAGE_MS = 120_000;
/** The longest pauses of queue and watch after failures, one after the other, with room for the work. */
const LATE_SECONDS = 180;

describe.each(plays)('while %s', (_name, play) => {
  it('an API server that is gone for two minutes after any call delays the work, and that is all', async () => {
    const quiet = await play(undefined);
    const [before, after] = quiet.calls;
    expect(after).toBeGreaterThan(before);
    for (let afterCalls = before + 1; afterCalls <= after; afterCalls += 1) {
      const { seconds, wasHit } = await play({ afterCalls, ms: OUTAGE_MS });
      const what = `gone after call ${afterCalls - before} of ${after - before}`;
      expect(seconds, what).toBeLessThan(quiet.seconds + OUTAGE_MS / 1_000 + LATE_SECONDS);
      expect(wasHit, what).toBe(true);
    }
  });
});
