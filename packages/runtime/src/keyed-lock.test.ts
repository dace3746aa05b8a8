import { describe, expect, it } from 'vitest';
import { createKeyedLock } from './keyed-lock.ts';

describe('a keyed lock', () => {
  it('lets one piece of work at a time run for a key, in order, also after one failed', async () => {
    const lock = createKeyedLock();
    const log: string[] = [];
    const work = (name: string, fail = false) =>
      lock.run('a', async () => {
        log.push(`${name} starts`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        log.push(`${name} ends`);
        if (fail) throw new Error(name);
      });
    await Promise.allSettled([work('one', true), work('two'), work('three')]);
    expect(log).toEqual(['one starts', 'one ends', 'two starts', 'two ends', 'three starts', 'three ends']);
  });

  it('answers Aborted at once when the key is busy, and works again afterwards', async () => {
    const lock = createKeyedLock();
    const gate = Promise.withResolvers<string>();
    const first = lock.tryRun('a', () => gate.promise);
    await expect(lock.tryRun('a', async () => 'no')).rejects.toMatchObject({ code: 'Aborted' });
    await expect(lock.tryRun('b', async () => 'other key')).resolves.toBe('other key');
    gate.resolve('done');
    await expect(first).resolves.toBe('done');
    await expect(lock.tryRun('a', async () => 'again')).resolves.toBe('again');
  });
});
