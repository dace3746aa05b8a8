import type { Clock } from './clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly work: () => void;
}

export interface ManualClock extends Clock {
  /** Moves time on, runs what falls due in order, and lets promises settle between. */
  advance(ms: number): Promise<void>;
}

/** A clock for tests: time stands still until told to move. */
export const createManualClock = (start = new Date('2026-01-01T00:00:00Z')): ManualClock => {
  let elapsedMs = 0;
  const timers = new Set<Timer>();

  const after = (ms: number, work: () => void): (() => void) => {
    const timer = { dueMs: elapsedMs + ms, work };
    timers.add(timer);
    return () => timers.delete(timer);
  };

  const nextDue = (untilMs: number): Timer | undefined =>
    [...timers].filter((timer) => timer.dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0];

  return {
    now: () => new Date(start.getTime() + elapsedMs),
    monotonicMs: () => elapsedMs,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const cancel = after(ms, resolve);
        signal.addEventListener('abort', () => {
          cancel();
          reject(signal.reason);
        });
      }),
    advance: async (ms) => {
      const untilMs = elapsedMs + ms;
      await settle();
      for (let timer = nextDue(untilMs); timer !== undefined; timer = nextDue(untilMs)) {
        elapsedMs = Math.max(elapsedMs, timer.dueMs);
        timers.delete(timer);
        timer.work();
        await settle();
      }
      elapsedMs = untilMs;
      await settle();
    },
  };
};

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
