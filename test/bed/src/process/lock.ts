import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isStillRunning, type ProcessIdentity } from './process-table.ts';

/**
 * Does the work while holding the lock file, so that two beds don't do it at once.
 * The lock of a process that is gone counts for nothing. While waiting it calls `onWait` once with the holder's pid.
 *
 * Two waiters that find the same abandoned lock may both get it: what is done under it must therefore end in an atomic rename.
 */
export async function withLock<T>(
  file: string,
  options: { signal: AbortSignal; onWait?: (pid: number) => void },
  work: () => Promise<T>,
): Promise<T> {
  const self = await identify(process.pid);
  await mkdir(dirname(file), { recursive: true });
  let toldOf: number | undefined;
  while (!(await tryCreate(file, JSON.stringify(self)))) {
    const holder = await readHolder(file);
    if (holder === undefined || !(await isStillRunning(holder))) {
      await rm(file, { force: true });
      continue;
    }
    if (toldOf !== holder.pid) options.onWait?.(holder.pid);
    toldOf = holder.pid;
    await delay(300, undefined, { signal: options.signal });
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function tryCreate(file: string, content: string): Promise<boolean> {
  try {
    await writeFile(file, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function readHolder(file: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
