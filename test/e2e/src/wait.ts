import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Asks again and again until the answer is `done`; until then it is the sentence that says what is still missing, which
 * is also what the error says when the time is up.
 */
export const waitUntil = async (probe: () => Promise<'done' | string>, options: WaitOptions): Promise<void> => {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer === 'done') return;
    if (Date.now() > deadline) throw new Error(`${answer}, still after ${options.timeoutMs / 1000} s`);
    await delay(500, undefined, { signal: options.signal });
  }
};
