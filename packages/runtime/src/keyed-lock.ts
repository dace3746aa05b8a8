import { AppError } from '@berth/contract/errors';

/** One piece of work at a time per key. */
export interface KeyedLock {
  /** Runs at once or throws Aborted when the key is busy. */
  tryRun<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** Waits for its turn. */
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
}

export const createKeyedLock = (): KeyedLock => {
  const tails = new Map<string, Promise<unknown>>();

  const run = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = tails.get(key);
    const mine = (async () => {
      await before?.catch(() => {});
      return work();
    })();
    tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (tails.get(key) === mine) tails.delete(key);
    }
  };

  return {
    run,
    tryRun: async (key, work) => {
      if (tails.has(key)) throw new AppError('Aborted', `an operation on ${key} is already under way`);
      return run(key, work);
    },
  };
};
