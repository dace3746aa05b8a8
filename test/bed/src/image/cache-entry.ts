import { mkdir, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../process/lock.ts';
import { stopRecorded } from '../process/spawn.ts';

export interface CacheEntry {
  /** Directory of the entries. */
  readonly root: string;
  /** Name of this entry; contains a hash of everything that it is made from. */
  readonly key: string;
  /** Makes the content in an empty directory, which then gets the entry's name. */
  readonly build: (directory: string) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * The directory of an entry, built if it is not there. It appears only when it is complete; of two processes that want it, one
 * builds and the other waits. What a build that was killed left
 * is removed, and the processes ended that it recorded there.
 */
export async function ensureCacheEntry({ root, key, build, signal }: CacheEntry): Promise<string> {
  const directory = join(root, key);
  if (await use(directory)) return directory;
  return await withLock(join(root, `${key}.lock`), signal, async () => {
    if (await use(directory)) return directory;
    const unfinished = join(root, `${key}.unfinished`);
    await stopRecorded(unfinished);
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished);
    await build(unfinished);
    await rename(unfinished, directory);
    return directory;
  });
}

/** Notes that the entry is used, for `pruneCache`; false when it is not there. */
async function use(directory: string): Promise<boolean> {
  const now = new Date();
  try {
    await utimes(directory, now, now);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
