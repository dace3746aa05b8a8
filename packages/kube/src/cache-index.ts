import type { WatchCache } from './watch-cache.ts';

/**
 * Finds objects of a cache by a value of theirs (undefined: not in the index), in time that does not grow with the
 * cache. Make it before the cache starts. What it gives is the latest known state, in no particular order.
 */
export const indexBy = <T>(cache: WatchCache<T>, read: (object: T) => string | undefined) => {
  const keys = new Map<string, Set<string>>();
  cache.onChange(({ key, before, after }) => {
    const old = before && read(before);
    const now = after && read(after);
    if (old !== undefined && old !== now) {
      keys.get(old)?.delete(key);
      if (keys.get(old)?.size === 0) keys.delete(old);
    }
    if (now !== undefined) keys.set(now, (keys.get(now) ?? new Set()).add(key));
  });
  return (value: string): readonly T[] =>
    [...(keys.get(value) ?? [])].map((key) => cache.get(key)).filter((object) => object !== undefined);
};
