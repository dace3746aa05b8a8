import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isStillRunning, type ProcessIdentity } from './process-table.ts';

/**
 * Waits until this process holds the lock file; gives what releases it. The lock of a process that is gone counts for nothing.
 *
 * Two that find the same abandoned lock at the same moment may both get it, so what is done under it must end in an atomic rename.
 */
export async function takeLock(file: string, signal: AbortSignal): Promise<() => Promise<void>> {
  await mkdir(dirname(file), { recursive: true });
  while (!(await tryLock(file))) {
    const holder = await readHolder(file);
    if (holder === undefined || !(await isStillRunning(holder))) await rm(file, { force: true });
    else await delay(200, undefined, { signal });
  }
  return () => rm(file, { force: true });
}

/** Does the work while this process holds the lock file; others wait, as for `takeLock`. */
export async function withLock<T>(file: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const release = await takeLock(file, signal);
  try {
    return await work();
  } finally {
    await release();
  }
}

/** A link appears with its content, so no other process ever reads an empty lock. */
async function tryLock(file: string): Promise<boolean> {
  const own = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(own, JSON.stringify(await identify(process.pid)));
  try {
    await link(own, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

async function readHolder(file: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
