import { setTimeout as delay } from 'node:timers/promises';

const ATTEMPTS = 50;
const PAUSE_MS = 100;

/** Tries again what fails: a way into the bed that was just opened may close its first connections. */
export const persistently = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; attempt < ATTEMPTS; attempt += 1) {
    try {
      return await work();
    } catch {
      await delay(PAUSE_MS);
    }
  }
  return work();
};
