import type { Clock } from '@berth/runtime/clock';

/** Keys waiting for work. A key is handed to one worker at a time; added while it is worked on, it comes again afterwards. */
export interface WorkQueue {
  add(key: string): void;
  addAfter(key: string, ms: number): void;
  /** The next key, as soon as there is one; undefined once the signal has fired. */
  next(): Promise<string | undefined>;
  /** To be called for every key that `next` gave. */
  done(key: string): void;
  /** Forgets the failures of a key. */
  succeeded(key: string): void;
  /** Adds the key again after a delay that doubles with each failure in a row; returns the delay in milliseconds. */
  failed(key: string): number;
}

const BACKOFF_MS = { first: 200, most: 60_000 };

export const createWorkQueue = ({ clock, signal }: { clock: Clock; signal: AbortSignal }): WorkQueue => {
  const waiting = new Set<string>();
  const active = new Set<string>();
  const again = new Set<string>();
  const failures = new Map<string, number>();
  const delayed = new Map<string, { readonly dueMs: number; readonly cancel: () => void }>();
  const idle: ((key: string | undefined) => void)[] = [];

  const hand = () => {
    while (idle.length > 0 && waiting.size > 0) {
      const [key] = waiting;
      if (key === undefined) return;
      waiting.delete(key);
      active.add(key);
      idle.shift()?.(key);
    }
  };

  const add = (key: string) => {
    if (signal.aborted) return;
    if (active.has(key)) again.add(key);
    else waiting.add(key);
    hand();
  };

  const addAfter = (key: string, ms: number) => {
    const dueMs = clock.monotonicMs() + ms;
    const earlier = delayed.get(key);
    if (signal.aborted || (earlier !== undefined && earlier.dueMs <= dueMs)) return;
    earlier?.cancel();
    const cancel = clock.after(ms, () => {
      delayed.delete(key);
      add(key);
    });
    delayed.set(key, { dueMs, cancel });
  };

  signal.addEventListener('abort', () => {
    for (const timer of delayed.values()) timer.cancel();
    delayed.clear();
    for (const resolve of idle.splice(0)) resolve(undefined);
  });

  return {
    add,
    addAfter,
    next: () =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve(undefined);
        idle.push(resolve);
        hand();
      }),
    done: (key) => {
      active.delete(key);
      if (again.delete(key)) add(key);
    },
    succeeded: (key) => failures.delete(key),
    failed: (key) => {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      const ms = Math.min(BACKOFF_MS.first * 2 ** Math.min(count, 20), BACKOFF_MS.most);
      addAfter(key, ms);
      return ms;
    },
  };
};
