import { toAppError } from '@berth/contract/errors';
import type { KubeClient } from '@berth/kube/client';
import { type ElectionTimes, type Leadership, whileLeading } from '@berth/kube/leader-election';
import type { Clock } from '@berth/runtime/clock';
import type { Logger } from '@berth/runtime/logger';
import { waitForAbort } from './wait-for-abort.ts';

/** A leader that dies is followed within 4.6 s: its lease, and one more try. */
export const EXTENDER_ELECTION: ElectionTimes = { leaseMs: 4_000, renewDeadlineMs: 3_000, retryMs: 500 };

/**
 * From the last answer of a leader to the first of the next: what kube-scheduler made of the last answer is then on the
 * claims and has reached the next one's caches, so that its holds are complete. A leader that dies leaves as much
 * between renewDeadlineMs and leaseMs.
 */
const SETTLE_MS = 1_000;

/** A replica that knows too little waits so long for one that knows more; then it leads, for pods that are not ours. */
const PATIENCE_MS = 30_000;

export interface LeadingOptions {
  readonly client: KubeClient;
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Unlike that of any other process, and of any earlier one. */
  readonly identity: string;
  /** Resolves when the caches know enough to answer. */
  readonly whenSynced: (signal: AbortSignal) => Promise<unknown>;
  /** What else a leader does, until the term's signal fires. It must not throw. */
  readonly work: (term: Leadership) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Which of the replicas answers for pods with claims of ours: the one whose holds count. */
export interface Leading {
  /** Why this replica must not answer, as a sentence. */
  refusal(): string | undefined;
  /** Stands for election until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
}

export const createLeading = (options: LeadingOptions): Leading => {
  const { client, lease, identity, clock, logger } = options;
  let term: Leadership | undefined;

  const lead = async (leadership: Leadership) => {
    term = leadership;
    await Promise.all([options.work(leadership), waitForAbort(leadership.signal)]);
    term = undefined;
    // The lease is given back only when this returns.
    await clock.sleep(SETTLE_MS, new AbortController().signal);
  };

  return {
    refusal: () => {
      if (term === undefined) return 'this replica of the extender does not lead';
      try {
        term.check();
        return undefined;
      } catch (thrown) {
        return toAppError(thrown).message;
      }
    },
    run: async (signal) => {
      await firstOf([options.whenSynced, (limit) => clock.sleep(PATIENCE_MS, limit)], signal);
      await whileLeading({ client, lease, identity, clock, logger, times: EXTENDER_ELECTION }, lead, signal);
    },
  };
};

/** Waits for one of them and gives up the others; returns too when the signal fires. */
const firstOf = async (
  waits: readonly ((signal: AbortSignal) => Promise<unknown>)[],
  signal: AbortSignal,
): Promise<void> => {
  const others = new AbortController();
  const either = AbortSignal.any([signal, others.signal]);
  await Promise.race(waits.map((wait) => wait(either).catch(() => {})));
  others.abort();
};
