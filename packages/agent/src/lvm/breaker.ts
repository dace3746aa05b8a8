import { AppError, hasCode, toAppError } from '@berth/contract/errors';
import type { Clock } from '@berth/runtime/clock';

/** Keeps commands from piling up behind one that hangs. */
export interface Breaker {
  /** Throws Unavailable while no command may be started. */
  check(): void;
  /**
   * Runs a command; the caller sees to it that there is one at a time. One that misses its deadline opens the breaker: for a
   * while, and for as long as that program has not ended, nothing is started. Then one command is let through: when LVM
   * answers, the breaker closes. The command calls `onEnded` when its program has ended.
   */
  run<T>(command: (onEnded: () => void) => Promise<T>): Promise<T>;
}

/** Until LVM is tried again. */
const PAUSE_MS = 30_000;
/** A killed program is gone at once, unless it waits for a disk. */
const END_MS = 1_000;

interface Stuck {
  readonly since: string;
  readonly reason: string;
  readonly againAtMs: number;
}

export const createBreaker = (clock: Clock): Breaker => {
  let stuck: Stuck | undefined;
  /** Of the program that runs, or was killed and has not ended. */
  let unended: Promise<void> | undefined;

  const check = () => {
    if (stuck === undefined || (unended === undefined && clock.monotonicMs() >= stuck.againAtMs)) return;
    throw new AppError('Unavailable', `LVM is stuck since ${stuck.since}: ${stuck.reason}`);
  };

  const start = (): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    unended = promise;
    return () => {
      if (unended === promise) unended = undefined;
      resolve();
    };
  };

  const givenUp = async (thrown: unknown): Promise<void> => {
    await waitShortly(clock, unended);
    if (unended === undefined && !hasCode(thrown, 'Timeout')) return;
    const since = stuck?.since ?? clock.now().toISOString();
    stuck = { since, reason: toAppError(thrown).message, againAtMs: clock.monotonicMs() + PAUSE_MS };
  };

  return {
    check,
    run: async (command) => {
      // Whoever has waited for his turn learns here that the one before him got stuck.
      check();
      const onEnded = start();
      try {
        const result = await command(onEnded);
        onEnded();
        stuck = undefined;
        return result;
      } catch (thrown) {
        if (hasCode(thrown, 'Timeout') || hasCode(thrown, 'Aborted')) await givenUp(thrown);
        else {
          onEnded();
          stuck = undefined;
        }
        throw thrown;
      }
    },
  };
};

/** Waits for the end of a program that was killed, but not for long. */
const waitShortly = (clock: Clock, end: Promise<void> | undefined): Promise<void> =>
  new Promise((resolve) => {
    const cancel = clock.after(END_MS, resolve);
    void (end ?? Promise.resolve()).then(() => {
      cancel();
      resolve();
    });
  });
