import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { withLock } from './lock.ts';

async function lockFile(): Promise<string> {
  return join(await temporaryDirectory(), 'lock');
}

test('work under one lock never overlaps and leaves no file', async () => {
  const file = await lockFile();
  let inside = 0;
  const work = async () => {
    inside += 1;
    expect(inside).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    inside -= 1;
  };
  const { signal } = new AbortController();
  await Promise.all([1, 2, 3].map(() => withLock(file, signal, work)));
  expect(await readdir(join(file, '..'))).toEqual([]);
});

test('takes over the lock of a process that is gone', async () => {
  const file = await lockFile();
  await writeFile(file, JSON.stringify({ pid: 2 ** 30, startTime: '1' }));
  expect(await withLock(file, AbortSignal.timeout(2_000), async () => 'done')).toBe('done');
});

test('stops waiting when the signal is aborted', async () => {
  const file = await lockFile();
  const { signal } = new AbortController();
  await withLock(file, signal, async () => {
    await expect(withLock(file, AbortSignal.timeout(50), async () => 'never')).rejects.toThrow();
  });
});
