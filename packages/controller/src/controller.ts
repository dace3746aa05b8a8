import type { KubeClient } from '@berth/kube/client';
import type { EventRecorder } from '@berth/kube/event-recorder';
import { startReconciler } from '@berth/kube/reconciler';
import type { Clock } from '@berth/runtime/clock';
import type { Logger } from '@berth/runtime/logger';
import type { Metrics } from '@berth/runtime/metrics';
import { createActionRunner } from './action-runner.ts';
import type { Caches } from './caches.ts';
import { createCapacityReconciler } from './capacity/capacity-reconciler.ts';
import { connectCapacityTriggers } from './capacity/capacity-triggers.ts';
import { createNoRoomReport } from './capacity/no-room.ts';
import type { PlaceClaim } from './claim-plan.ts';
import { createClaimReconciler, type Reconcile } from './claim-reconciler.ts';
import { createCachedReader, createFreshReader } from './cluster-reader.ts';
import { createGrowthReconciler } from './growth-reconciler.ts';
import { groupOf } from './node-states.ts';
import { type RecoverySettings, startRecovery } from './recovery/start-recovery.ts';
import { connectTriggers, queueEverything } from './triggers.ts';
import { reportVolumes } from './volume-metrics.ts';
import { createVolumeReconciler } from './volume-reconciler.ts';

export interface ControllerOptions {
  readonly client: KubeClient;
  /** Started and synced. */
  readonly caches: Caches;
  readonly events: EventRecorder;
  readonly place: PlaceClaim;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Where the controller's own objects are. */
  readonly namespace: string;
  readonly recovery: RecoverySettings;
  /** Whether volumes are made for claims here, or by sidecars. */
  readonly claims: 'on' | 'off';
  readonly orphanGraceMs: number;
  /** How often everything is looked at again without a reason. */
  readonly resyncMs: number;
  /** How many claims, and how many volumes, are worked on at once. */
  readonly workers: number;
}

const leaveToSidecars: Reconcile = async () => undefined;

/** Many nodes may tell of room at once. */
const PLACE_AGAIN_MS = 2_000;

/** A volume that is made changes its node's room several times in a moment. */
const CAPACITY_PAUSE_MS = 500;

/** Does the controller's work until the signal fires, and returns when the last of it has ended. Only one process of a cluster may be inside at a time. */
export const runController = async (options: ControllerOptions, signal: AbortSignal): Promise<void> => {
  const { client, caches, clock, logger, metrics, workers } = options;
  const run = createActionRunner({ client, events: options.events, metrics, logger });
  const readers = { cached: createCachedReader(caches), fresh: createFreshReader(client, caches, signal) };
  const waitingPods = caches.waitingPods.list;
  const shared = { clock, logger, metrics, signal, workers };
  const makeVolumes = createClaimReconciler({
    ...readers,
    waitingPods,
    place: options.place,
    noRoom: createNoRoomReport(caches),
    clock,
    run,
  });
  const claims = startReconciler({
    ...shared,
    name: 'claim',
    reconcile: options.claims === 'on' ? makeVolumes : leaveToSidecars,
  });
  const volumes = startReconciler({
    ...shared,
    name: 'volume',
    reconcile: createVolumeReconciler({
      ...readers,
      clock,
      run,
      orphanGraceMs: options.orphanGraceMs,
      vanishedClaims: caches.vanishedClaims,
    }),
  });
  const growth = startReconciler({
    ...shared,
    name: 'growth',
    reconcile: createGrowthReconciler({ ...readers, clock, run, groupOf: (volume) => groupOf(volume, caches) }),
  });
  const capacity = startReconciler({
    ...shared,
    name: 'capacity',
    reconcile: createCapacityReconciler({ client, caches, namespace: options.namespace }),
  });
  const recovery = startRecovery({ ...options, fresh: readers.fresh }, options.recovery, signal);
  const queues = {
    claim: claims.add,
    volume: volumes.add,
    growth: growth.add,
    claimSoon: (key: string) => claims.addAfter(key, PLACE_AGAIN_MS),
  };
  const disconnect = connectTriggers(caches, queues);
  const disconnectCapacity = connectCapacityTriggers(caches, (node) => capacity.addAfter(node, CAPACITY_PAUSE_MS));
  const reporting = reportVolumes(options, signal);
  while (!signal.aborted) {
    queueEverything(caches, queues);
    recovery.queueAll();
    await clock.sleep(options.resyncMs, signal).catch(() => {});
  }
  disconnect();
  disconnectCapacity();
  await Promise.all([reporting, claims.stopped, volumes.stopped, growth.stopped, capacity.stopped, recovery.stopped]);
};
