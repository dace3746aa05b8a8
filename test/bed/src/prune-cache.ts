import { glob, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Paths } from './paths.ts';

/** Of each kind: what the checkouts and branches that are worked on need, and room for a mistake. */
const KEPT = 3;
/** What was used since may belong to a bed that is only starting and has not written down yet what it uses. */
const RECENT_MS = 60 * 60_000;

/** An entry of the cache. */
export interface Used {
  readonly name: string;
  /** When it was made or last asked for, in milliseconds since 1970. */
  readonly usedMs: number;
}

/**
 * Removes what the cache keeps in vain and returns the names: all but the latest few of each kind. What a bed or a saved cluster
 * that stays has written down as its own stays too, and so does what is not an entry. `now` is in milliseconds since 1970.
 */
export async function pruneCache(paths: Paths, now: number): Promise<string[]> {
  const removed: string[] = [];
  // Saved clusters first: one that goes needs its machine no more.
  for (const folder of ['clusters', 'images', 'tools']) {
    const root = join(paths.cache, folder);
    const notes = await readNotes(paths);
    for (const name of findStale(await readEntries(root), now)) {
      if (notes.some((text) => text.includes(`${join(root, name)}/`) || text.includes(`${join(root, name)}"`)))
        continue;
      // Under this name the rest is taken for that of a broken build, should this be interrupted.
      await rename(join(root, name), join(root, `${name}.unfinished`));
      await rm(join(root, `${name}.unfinished`), { recursive: true });
      removed.push(name);
    }
  }
  return removed;
}

/** Entries that are neither recent nor among the latest of their kind; the name begins with the kind. */
export function findStale(entries: readonly Used[], now: number): string[] {
  const latestFirst = [...entries].sort((a, b) => b.usedMs - a.usedMs);
  const kinds = Map.groupBy(latestFirst, ({ name }) => kindOf(name));
  return [...kinds]
    .flatMap(([kind, all]) => (kind === undefined ? [] : all.slice(KEPT)))
    .filter(({ usedMs }) => now - usedMs > RECENT_MS)
    .map(({ name }) => name);
}

/** A key is a kind, a hash, and what else makes a difference; undefined for another name. */
function kindOf(name: string): string | undefined {
  return /^([a-z-]+)-[0-9a-f]{16}(-[a-z-]+)?$/.exec(name)?.[1];
}

async function readEntries(root: string): Promise<Used[]> {
  const names = await readdir(root).catch(() => []);
  return Promise.all(names.map(async (name) => ({ name, usedMs: (await stat(join(root, name))).mtimeMs })));
}

/** What beds, up or not, and saved clusters have written down of themselves; paths of entries among it. */
async function readNotes(paths: Paths): Promise<string[]> {
  const beds = ['*/state.json', '*/nodes/*/node.json'].map((pattern) => paths.run(pattern));
  const texts: string[] = [];
  for await (const file of glob([...beds, join(paths.cache, 'clusters/*/nodes/*/node.json')])) {
    texts.push(await readFile(file, 'utf8'));
  }
  return texts;
}
