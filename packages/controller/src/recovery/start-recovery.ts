import type { KubeClient } from '@berth/kube/client';
import type { EventRecorder } from '@berth/kube/event-recorder';
import { startReconciler } from '@berth/kube/reconciler';
import type { Clock } from '@berth/runtime/clock';
import type { Logger } from '@berth/runtime/logger';
import type { Metrics } from '@berth/runtime/metrics';
import type { Caches } from '../caches.ts';
import type { ClusterReader } from '../cluster-reader.ts';
import type { RecoveryMode } from './decision.ts';
import type { RecoveryTimes } from './due.ts';
import { createRecoveryExecutor } from './recovery-executor.ts';
import { createRecoveryReconciler } from './recovery-reconciler.ts';
import { connectRecoveryTriggers, queueAllRecovery } from './recovery-triggers.ts';

export interface RecoverySettings {
  readonly mode: RecoveryMode;
  readonly times: RecoveryTimes;
  /** Whether applications may name addresses that are asked before a member of theirs starts again empty. */
  readonly healthChecks: 'on' | 'off';
  /** How long a record of what is over is kept, in milliseconds. */
  readonly keepRecordsMs: number;
}

export interface RecoveryServices {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly fresh: ClusterReader;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface RunningRecovery {
  /** Looks at every node that has volumes. */
  queueAll(): void;
  readonly stopped: Promise<unknown>;
}

/** Watches for nodes that are gone until the signal fires. */
export const startRecovery = (
  services: RecoveryServices,
  settings: RecoverySettings,
  signal: AbortSignal,
): RunningRecovery => {
  const { caches, clock, logger, metrics } = services;
  // The guards see all members of a cluster only when one decision is taken at a time.
  const shared = { clock, logger, metrics, signal, workers: 1 };
  const deciding = startReconciler({
    ...shared,
    name: 'recovery',
    reconcile: createRecoveryReconciler({ ...services, ...settings }),
  });
  const executing = startReconciler({
    ...shared,
    name: 'recovery-record',
    reconcile: createRecoveryExecutor({ ...services, ...settings }),
  });
  const queues = { decide: deciding.add, execute: executing.add };
  const disconnect = connectRecoveryTriggers(caches, queues);
  signal.addEventListener('abort', disconnect, { once: true });
  return {
    queueAll: () => queueAllRecovery(caches, queues),
    stopped: Promise.all([deciding.stopped, executing.stopped]),
  };
};
