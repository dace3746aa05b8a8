import { toAppError } from '@berth/contract/errors';
import type { Clock } from '@berth/runtime/clock';
import type { Logger } from '@berth/runtime/logger';
import type { Metrics } from '@berth/runtime/metrics';
import { createWorkQueue } from './work-queue.ts';

export interface ReconcilerOptions {
  readonly name: string;
  /** Brings what the key names one step nearer to what it should be. It may run again at any time. */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<{ readonly againAfterMs?: number } | undefined>;
  readonly workers?: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  readonly signal: AbortSignal;
}

export interface Reconciler {
  add(key: string): void;
  addAfter(key: string, ms: number): void;
  /** Resolves once the signal has fired and the last run has ended. */
  readonly stopped: Promise<void>;
}

/**
 * Runs `reconcile` for every key that is added: never twice at once for the same key, once for many additions while it
 * waits, and again with growing delay (0.2 s to 60 s) after an error, which is logged.
 */
export const startReconciler = (options: ReconcilerOptions): Reconciler => {
  const { name, clock, signal, metrics } = options;
  const logger = options.logger.child({ reconciler: name });
  const queue = createWorkQueue({ clock, signal });
  const runs = metrics?.counter('berth_reconciles_total', 'Reconcile runs by outcome.', ['reconciler', 'outcome']);

  const once = async (key: string) => {
    try {
      const result = await options.reconcile(key, signal);
      queue.succeeded(key);
      runs?.inc({ reconciler: name, outcome: 'ok' });
      if (result?.againAfterMs !== undefined) queue.addAfter(key, result.againAfterMs);
    } catch (thrown) {
      if (signal.aborted) return;
      const err = toAppError(thrown);
      runs?.inc({ reconciler: name, outcome: err.code });
      const retryMs = queue.failed(key);
      const fields = { key, code: err.code, retryMs };
      // A conflict means that somebody was quicker; the next look at the object settles it.
      if (err.code === 'Aborted') logger.debug({ ...fields, err: err.message }, 'reconcile met a conflict');
      else logger.warn({ ...fields, err }, 'reconcile failed');
    }
  };

  const worker = async () => {
    for (;;) {
      const key = await queue.next();
      if (key === undefined) return;
      await once(key);
      queue.done(key);
    }
  };

  const workers = Array.from({ length: options.workers ?? 4 }, worker);
  const stopped = Promise.all(workers).then(() => {});
  return { add: queue.add, addAfter: queue.addAfter, stopped };
};
