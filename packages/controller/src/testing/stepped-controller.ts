import { hasCode } from '@berth/contract/errors';
import type { KubeClient } from '@berth/kube/client';
import { VOLUMES } from '@berth/kube/resources';
import { silentLogger } from '@berth/runtime/logger';
import { createManualClock, type ManualClock } from '@berth/runtime/manual-clock';
import { createMetrics } from '@berth/runtime/metrics';
import { createActionRunner } from '../action-runner.ts';
import { createCaches, startCaches } from '../caches.ts';
import { createNoRoomReport } from '../capacity/no-room.ts';
import type { PlaceClaim } from '../claim-plan.ts';
import { createClaimReconciler } from '../claim-reconciler.ts';
import { createCachedReader, createFreshReader } from '../cluster-reader.ts';
import { createGrowthReconciler } from '../growth-reconciler.ts';
import { groupOf } from '../node-states.ts';
import { createVolumeReconciler } from '../volume-reconciler.ts';
import { VOLUME } from './builders.ts';
import { Crash, type CrashPoint, createCrashingClient } from './crashing-client.ts';
import type { FakeCluster } from './fake-cluster.ts';
import { AGENTS } from './settings.ts';

export interface SteppedController {
  readonly clock: ManualClock;
  /** Events recorded so far, as `Reason: message`. */
  readonly told: readonly string[];
  /** Calls made so far by the controller, over all its lives. */
  calls(): number;
  /** One reconcile each of the claim, its growth and the volume; a crash starts the controller anew. */
  step(): Promise<void>;
  /** Controller and cluster take turns until nothing changes any more. */
  settle(): Promise<void>;
  /** Time goes by, with a sign of life from the API server at its end. */
  wait(ms: number): Promise<void>;
  stop(): void;
}

export interface SteppedControllerOptions {
  readonly crashes?: readonly CrashPoint[];
  readonly place?: PlaceClaim;
}

/** The controller, but stepped by the test instead of by its queues. */
export const createSteppedController = async (
  cluster: FakeCluster,
  options: SteppedControllerOptions = {},
): Promise<SteppedController> => {
  const clock = createManualClock();
  const told: string[] = [];
  const client = createCrashingClient(cluster.client, options.crashes ?? []);
  const place = options.place ?? (() => ({ reason: 'nothing is placed here' }));
  let life = await startLife({ client, clock, told, place });

  const step = async () => {
    for (const reconcile of [life.claim, life.growth, life.volume]) {
      await catchUp();
      try {
        await reconcile();
      } catch (error) {
        if (hasCode(error, 'Aborted')) continue;
        if (!(error instanceof Crash)) throw error;
        life.stop();
        life = await startLife({ client, clock, told, place });
        return;
      }
    }
  };

  return {
    clock,
    told,
    calls: client.count,
    step,
    settle: async () => {
      for (let quiet = 0, rounds = 0; quiet < 3; rounds += 1) {
        if (rounds > 100) throw new Error('the cluster does not settle');
        const [before, alive] = [await fingerprint(cluster), life];
        await step();
        await cluster.step();
        // Who died did not show what there is to do.
        quiet = (await fingerprint(cluster)) === before && life === alive ? quiet + 1 : 0;
      }
    },
    wait: async (ms) => {
      await clock.advance(ms);
      await cluster.client.create(VOLUMES, { metadata: { name: `other-${clock.monotonicMs()}` } });
      await catchUp();
    },
    stop: () => life.stop(),
  };
};

interface LifeOptions {
  readonly client: KubeClient;
  readonly clock: ManualClock;
  readonly told: string[];
  readonly place: PlaceClaim;
}

const startLife = async ({ client, clock, told, place }: LifeOptions) => {
  const controller = new AbortController();
  const { signal } = controller;
  const caches = createCaches({ agents: AGENTS, client, clock, logger: silentLogger });
  await startCaches(caches, signal);
  const events = {
    record: (_target: object, event: { reason: string; message: string }) =>
      void told.push(`${event.reason}: ${event.message}`),
  };
  const run = createActionRunner({ client, events, metrics: createMetrics(), logger: silentLogger });
  const readers = { cached: createCachedReader(caches), fresh: createFreshReader(client, caches, signal) };
  const claim = createClaimReconciler({
    ...readers,
    waitingPods: caches.waitingPods.list,
    place,
    noRoom: createNoRoomReport(caches),
    clock,
    run,
  });
  const growth = createGrowthReconciler({ ...readers, clock, run, groupOf: (at) => groupOf(at, caches) });
  const volume = createVolumeReconciler({
    ...readers,
    clock,
    run,
    orphanGraceMs: 600_000,
    vanishedClaims: caches.vanishedClaims,
  });
  return {
    claim: () => claim('shop/data-es-0', signal),
    growth: () => growth('shop/data-es-0', signal),
    volume: () => volume(VOLUME, signal),
    stop: () => controller.abort(new Error('stopped')),
  };
};

const fingerprint = async (cluster: FakeCluster): Promise<string> =>
  JSON.stringify([await cluster.claim(), await cluster.logicalVolume(), await cluster.persistentVolume()]);

/** Lets watch events arrive. */
const catchUp = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
