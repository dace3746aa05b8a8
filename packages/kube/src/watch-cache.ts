import { type AppError, toAppError } from '@berth/contract/errors';
import type { Clock } from '@berth/runtime/clock';
import type { Logger } from '@berth/runtime/logger';
import type { KubeClient, ListOptions, Selector } from './client.ts';
import type { Resource } from './resources.ts';

export interface Change<T> {
  readonly key: string;
  readonly before: T | undefined;
  readonly after: T | undefined;
}

/** The latest known state of a collection. What is in it is shared: read, never change it. */
export interface WatchCache<T> {
  /** By `name`, or `namespace/name`. */
  get(key: string): T | undefined;
  list(): readonly T[];
  /** True once the first list has arrived. */
  readonly synced: boolean;
  whenSynced(signal: AbortSignal): Promise<void>;
  /** Milliseconds since the API server last said anything about this collection; bookmarks count. */
  lastContactAgeMs(): number;
  /** The listener must not throw; one that does is logged and loses that change only. Returns the way to stop listening. */
  onChange(listener: (change: Change<T>) => void): () => void;
  /** Lists and watches until the signal fires. */
  start(signal: AbortSignal): void;
}

export interface WatchCacheOptions<T> {
  readonly client: KubeClient;
  readonly resource: Resource<T>;
  readonly selector?: Selector;
  /** What to keep of each object; the rest is forgotten before anything is compared or told. */
  readonly keep?: ListOptions<T>['keep'];
  readonly clock: Clock;
  readonly logger: Logger;
}

const BACKOFF_MS = { first: 500, most: 30_000 };

interface Meta {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
  };
}

/**
 * A list, then a watch from its version, for ever: a watch that ends goes on from the last version seen, one whose
 * version is too old or that keeps failing is replaced by a new list, and what a list shows is compared with what was
 * known, so that a gap loses nothing. An object deleted and made again in a gap shows as two changes.
 */
export const createWatchCache = <T>(options: WatchCacheOptions<T>): WatchCache<T> => {
  const { client, resource, selector = {}, keep, clock } = options;
  const logger = options.logger.child({ resource: resource.plural });
  const objects = new Map<string, T>();
  const listeners = new Set<(change: Change<T>) => void>();
  const firstSync = Promise.withResolvers<void>();
  let synced = false;
  let lastContactMs = clock.monotonicMs();

  const tell = (change: Change<T>) => {
    for (const listener of listeners) {
      try {
        listener(change);
      } catch (err) {
        logger.error({ err, key: change.key }, 'a listener of the cache threw');
      }
    }
  };

  const put = (object: T) => {
    const key = keyOf(object);
    const before = objects.get(key);
    if (before !== undefined && metaOf(before)?.resourceVersion === metaOf(object)?.resourceVersion) return;
    if (before !== undefined && metaOf(before)?.uid !== metaOf(object)?.uid) remove(key);
    const known = objects.get(key);
    objects.set(key, object);
    tell({ key, before: known, after: object });
  };

  const remove = (key: string) => {
    const before = objects.get(key);
    if (!objects.delete(key)) return;
    tell({ key, before, after: undefined });
  };

  const relist = async (signal: AbortSignal): Promise<string> => {
    const { items, resourceVersion } = await client.list(resource, { ...selector, keep }, signal);
    lastContactMs = clock.monotonicMs();
    const present = new Set(items.map(keyOf));
    for (const key of [...objects.keys()]) if (!present.has(key)) remove(key);
    for (const item of items) put(item);
    synced = true;
    firstSync.resolve();
    return resourceVersion;
  };

  /** Watches to the end of the stream and notes each version it reaches. */
  const follow = async (progress: Progress, signal: AbortSignal): Promise<void> => {
    const resourceVersion = progress.version ?? '';
    for await (const event of client.watch(resource, { ...selector, resourceVersion }, signal)) {
      lastContactMs = clock.monotonicMs();
      if (event.type === 'DELETED') remove(keyOf(event.object));
      else if (event.type !== 'BOOKMARK') put(keep ? keep(event.object) : event.object);
      progress.version = metaOf(event.object)?.resourceVersion ?? progress.version;
    }
  };

  const run = async (signal: AbortSignal) => {
    const progress: Progress = { version: undefined, failures: 0 };
    while (!signal.aborted) {
      const startedMs = clock.monotonicMs();
      let pauseMs: number;
      try {
        progress.version ??= await relist(signal);
        await follow(progress, signal);
        progress.failures = 0;
        // A server that ends watches at once must not be asked in a tight loop.
        pauseMs = clock.monotonicMs() - startedMs < BACKOFF_MS.first ? BACKOFF_MS.first : 0;
      } catch (thrown) {
        pauseMs = backOff(progress, toAppError(thrown), clock.monotonicMs() - startedMs);
        if (!signal.aborted) logger.warn({ err: toAppError(thrown).message, pauseMs }, 'watch failed');
      }
      await clock.sleep(pauseMs * (0.5 + Math.random()), signal).catch(() => {});
    }
  };

  return {
    get: (key) => objects.get(key),
    list: () => [...objects.values()],
    get synced() {
      return synced;
    },
    whenSynced: (signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        firstSync.promise.then(resolve, reject);
      }),
    lastContactAgeMs: () => clock.monotonicMs() - lastContactMs,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start: (signal) => void run(signal),
  };
};

/** How far a cache has come: the version to watch from, and how often in a row it failed. */
interface Progress {
  version: string | undefined;
  failures: number;
}

/** How long to wait after a failure; a version that is too old, or a second failure in a row, leads to a new list. */
const backOff = (progress: Progress, error: AppError, lastedMs: number): number => {
  const pauseMs = Math.min(BACKOFF_MS.first * 2 ** progress.failures, BACKOFF_MS.most);
  progress.failures = lastedMs > BACKOFF_MS.most ? 1 : progress.failures + 1;
  if (error.details.expired === true || progress.failures > 1) progress.version = undefined;
  return pauseMs;
};

const metaOf = (object: unknown) => (object as Meta).metadata;

const keyOf = (object: unknown): string => {
  const { name = '', namespace } = metaOf(object) ?? {};
  return namespace === undefined ? name : `${namespace}/${name}`;
};
