const EMPTY: ReadonlySet<never> = new Set();

/** Values by key, many per key. An empty set is dropped, so that what comes and goes leaves nothing behind. */
export class KeyedSets<V> {
  readonly #sets = new Map<string, Set<V>>();

  get size(): number {
    return this.#sets.size;
  }

  get(key: string): ReadonlySet<V> {
    return this.#sets.get(key) ?? EMPTY;
  }

  add(key: string, value: V): void {
    const set = this.#sets.get(key);
    if (set) set.add(value);
    else this.#sets.set(key, new Set([value]));
  }

  remove(key: string, value: V): void {
    const set = this.#sets.get(key);
    if (!set?.delete(value)) return;
    if (set.size === 0) this.#sets.delete(key);
  }
}
