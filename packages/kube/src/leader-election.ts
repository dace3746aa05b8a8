import { AppError, toAppError } from '@berth/contract/errors';
import type { Clock } from '@berth/runtime/clock';
import type { Logger } from '@berth/runtime/logger';
import type { KubeClient } from './client.ts';
import { createLeaseLock, type LeaseLock } from './lease-lock.ts';

export interface LeaderElectionOptions {
  readonly client: KubeClient;
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Unlike that of any other process, and of any earlier one: host name and something random. */
  readonly identity: string;
  readonly times?: ElectionTimes;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** In milliseconds. */
export interface ElectionTimes {
  /** How long a leader that fell silent keeps the others waiting; whole seconds. */
  readonly leaseMs: number;
  /** After this long without a renewal a leader stops; well below leaseMs, so that it has stopped before another starts. */
  readonly renewDeadlineMs: number;
  /** Between two tries, by a leader to renew and by the others to take over; up to a fifth more at random. */
  readonly retryMs: number;
}

/** A leader that dies is followed within 6.2 s, one that stops within 1.2 s. */
export const ELECTION_TIMES: ElectionTimes = { leaseMs: 5_000, renewDeadlineMs: 3_500, retryMs: 1_000 };

/** What the work of a leader has in hand. */
export interface Leadership {
  /** Fires when we must stop: lost, or told to. */
  readonly signal: AbortSignal;
  /**
   * Throws Aborted once the time is over for which the last renewal is good, also when this process was stopped for a
   * while and no timer has fired yet. To be called before every write.
   */
  check(): void;
}

/**
 * Does the work while leading, as often as that comes about, until the signal fires or the work ends by itself.
 * The time of a leader counts from before the request that renewed it was sent, so by construction it is over before
 * another may start. The lease is given back as soon as the work has stopped. Errors of the work end it and are thrown.
 */
export const whileLeading = async (
  options: LeaderElectionOptions,
  work: (leadership: Leadership) => Promise<void>,
  signal: AbortSignal,
): Promise<void> => {
  const { clock, times = ELECTION_TIMES } = options;
  const lock = createLeaseLock({ ...options, leaseMs: times.leaseMs });
  const setting = { ...options, times, lock };
  while (!signal.aborted) {
    const sinceMs = clock.monotonicMs();
    const outcome = await tryOnce(setting, signal);
    if (outcome === 'held' && (await runTerm(setting, { sinceMs, work, signal })) === 'done') return;
    // Not a moment longer than it takes for the lease to be free.
    await pause(setting, signal, outcome === 'taken' ? lock.freeInMs() : undefined);
  }
};

type Setting = LeaderElectionOptions & { readonly times: ElectionTimes; readonly lock: LeaseLock };

interface Term {
  readonly sinceMs: number;
  readonly work: (leadership: Leadership) => Promise<void>;
  readonly signal: AbortSignal;
}

/** One term as leader. 'done' when the work ended by itself. */
const runTerm = async (setting: Setting, { sinceMs, work, signal }: Term): Promise<'done' | 'over'> => {
  const { clock, logger, lock, times } = setting;
  const controller = new AbortController();
  const end = (reason: unknown) => controller.abort(reason);
  const onStop = () => end(signal.reason);
  signal.addEventListener('abort', onStop);
  const validity = createValidity(clock, () => end(lost('the lease could not be renewed in time')));
  validity.extendTo(sinceMs + times.renewDeadlineMs);
  logger.info({ lease: setting.lease.name, identity: setting.identity }, 'leading');

  const working = runWork(work, { signal: controller.signal, check: validity.check });
  const ended = working.finally(() => end(lost('the work has ended'))).catch(() => {});
  await pause(setting, controller.signal);
  while (!controller.signal.aborted) {
    const startedMs = clock.monotonicMs();
    const outcome = await tryOnce(setting, controller.signal);
    if (outcome === 'held') validity.extendTo(startedMs + times.renewDeadlineMs);
    if (outcome === 'taken') end(lost(`${lock.holder} has taken the lease`));
    await pause(setting, controller.signal);
  }
  await ended;
  validity.cancel();
  signal.removeEventListener('abort', onStop);
  logger.info({ why: toAppError(controller.signal.reason).message }, 'leading no more');
  await giveBack(setting);
  return working;
};

const runWork = async (work: Term['work'], leadership: Leadership): Promise<'done' | 'over'> => {
  try {
    await work(leadership);
  } catch (thrown) {
    if (!leadership.signal.aborted) throw thrown;
  }
  return leadership.signal.aborted ? 'over' : 'done';
};

/** The time until which we may act. It ends once and for all. */
const createValidity = (clock: Clock, onEnd: () => void) => {
  let untilMs = Number.NEGATIVE_INFINITY;
  let cancel = () => {};
  let isOver = false;
  const check = () => {
    if (isOver || clock.monotonicMs() >= untilMs) throw lost('this process is not the leader any more');
  };
  return {
    check,
    cancel: () => {
      isOver = true;
      cancel();
    },
    extendTo: (ms: number) => {
      if (isOver) return;
      untilMs = ms;
      cancel();
      cancel = clock.after(Math.max(0, untilMs - clock.monotonicMs()), () => {
        isOver = true;
        onEnd();
      });
    },
  };
};

/** A try that gets no answer is cut short, so that there is time for another one. */
const tryOnce = async (setting: Setting, signal: AbortSignal): Promise<'held' | 'taken' | 'unknown'> => {
  const { lock, logger, times } = setting;
  try {
    const isHeld = await cutShort(setting, { ms: times.renewDeadlineMs / 2, signal }, (limit) => lock.tryHold(limit));
    return isHeld ? 'held' : 'taken';
  } catch (thrown) {
    if (!signal.aborted) logger.warn({ err: toAppError(thrown).message }, 'cannot hold the lease, trying again');
    return 'unknown';
  }
};

const giveBack = async (setting: Setting): Promise<void> => {
  const { lock, logger, times } = setting;
  // Not the signal of the term: that one has fired.
  const signal = new AbortController().signal;
  try {
    await cutShort(setting, { ms: times.renewDeadlineMs / 2, signal }, (limit) => lock.release(limit));
  } catch (thrown) {
    logger.warn({ err: toAppError(thrown).message }, 'the lease is not given back; it ends by itself');
  }
};

const cutShort = async <T>(
  { clock }: Setting,
  { ms, signal }: { readonly ms: number; readonly signal: AbortSignal },
  work: (limit: AbortSignal) => Promise<T>,
): Promise<T> => {
  const late = new AbortController();
  const cancel = clock.after(ms, () => late.abort(new AppError('Timeout', `no answer within ${ms} ms`)));
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } finally {
    cancel();
  }
};

const pause = ({ clock, times }: Setting, signal: AbortSignal, mostMs = Number.POSITIVE_INFINITY): Promise<void> =>
  clock.sleep(Math.min(times.retryMs * (1 + Math.random() / 5), mostMs), signal).catch(() => {});

const lost = (sentence: string): AppError => new AppError('Aborted', sentence);
