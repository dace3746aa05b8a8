import { AppError } from '@berth/contract/errors';
import type { ObjectMeta } from '@berth/contract/resources/object';
import type { KubeClient, Preconditions, Ref, Selector, WatchEvent } from '../client.ts';
import { apiVersionOf, pathOf, type Resource } from '../resources.ts';
import { applyOver, mergePatched, sameContent } from './patching.ts';

interface Stored {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta & { name: string; resourceVersion: string };
  [field: string]: unknown;
}

interface Watcher {
  readonly collection: string;
  readonly selector: Selector;
  readonly push: (event: WatchEvent<unknown>) => void;
}

export interface FakeKubeClient extends KubeClient {
  /** Called before every request with what it is about to do; throw to make the request fail. */
  beforeCall(hook: ((call: string) => void) | undefined): void;
  /** All calls so far, for example `PATCH /api/v1/nodes/a`. */
  readonly calls: readonly string[];
}

/** Keeps objects in memory and answers as the API server does: versions, conflicts, finalizers, status apart, watches. */
export const createFakeKubeClient = (): FakeKubeClient => {
  const objects = new Map<string, Stored>();
  const history: { version: number; collection: string; event: WatchEvent<Stored> }[] = [];
  const watchers = new Set<Watcher>();
  const calls: string[] = [];
  let hook: ((call: string) => void) | undefined;
  let version = 0;
  let uids = 0;

  const record = (verb: string, path: string) => {
    calls.push(`${verb} ${path}`);
    hook?.(`${verb} ${path}`);
  };

  const publish = (resource: Resource<unknown>, type: 'ADDED' | 'MODIFIED' | 'DELETED', stored: Stored) => {
    const collection = pathOf(resource);
    const event = { type, object: structuredClone(stored) };
    history.push({ version, collection, event });
    for (const watcher of watchers) {
      if (watcher.collection === collection && selects(watcher.selector, stored)) watcher.push(structuredClone(event));
    }
  };

  const save = (resource: Resource<unknown>, path: string, next: Stored): Stored => {
    const before = objects.get(path);
    if (before !== undefined && sameContent(before, next)) return before;
    version += 1;
    next.metadata.resourceVersion = String(version);
    const gone = next.metadata.deletionTimestamp !== undefined && (next.metadata.finalizers ?? []).length === 0;
    if (gone) objects.delete(path);
    else objects.set(path, next);
    publish(resource, gone ? 'DELETED' : before === undefined ? 'ADDED' : 'MODIFIED', next);
    return next;
  };

  const find = (resource: Resource<unknown>, ref: Ref): Stored => {
    const stored = objects.get(pathOf(resource, ref));
    if (stored === undefined) throw new AppError('NotFound', `${resource.plural} "${ref.name}" not found`);
    return stored;
  };

  const insert = <T>(resource: Resource<T>, object: T): T => {
    const next = {
      ...structuredClone(object),
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
    } as unknown as Stored;
    const path = pathOf(resource, next.metadata);
    if (objects.has(path))
      throw new AppError('AlreadyExists', `${resource.plural} "${next.metadata.name}" already exists`);
    uids += 1;
    next.metadata = {
      ...next.metadata,
      uid: next.metadata.uid ?? `uid-${uids}`,
      creationTimestamp: next.metadata.creationTimestamp ?? '2026-01-01T00:00:00Z',
    };
    return structuredClone(save(resource, path, next)) as T;
  };

  const change = <T>(resource: Resource<T>, ref: Ref, edit: (stored: Stored) => Stored): T => {
    const before = find(resource, ref);
    const next = edit(structuredClone(before));
    checkPreconditions(before, next.metadata);
    next.metadata = {
      ...next.metadata,
      uid: before.metadata.uid ?? '',
      resourceVersion: before.metadata.resourceVersion,
    };
    return structuredClone(save(resource, pathOf(resource, ref), next)) as T;
  };

  const listed = (resource: Resource<unknown>, selector: Selector): Stored[] =>
    [...objects.values()]
      .filter((stored) => stored.kind === resource.kind && stored.apiVersion === apiVersionOf(resource))
      .filter((stored) => selects(selector, stored))
      .map((stored) => structuredClone(stored));

  return {
    calls,
    beforeCall: (next) => {
      hook = next;
    },
    get: async (resource, ref) => {
      record('GET', pathOf(resource, ref));
      return structuredClone(objects.get(pathOf(resource, ref))) as never;
    },
    list: async (resource, { keep, namespace, ...selector } = {}) => {
      record('LIST', pathOf(resource, { namespace }));
      const isThere = ({ metadata }: Stored) => namespace === undefined || metadata.namespace === namespace;
      const items = listed(resource, selector).filter(isThere) as never[];
      return { items: keep ? items.map(keep) : items, resourceVersion: String(version) };
    },
    create: async (resource, object) => {
      record('POST', pathOf(resource));
      return insert(resource, object);
    },
    mergePatch: async (resource, ref, patch, options = {}) => {
      record('PATCH', pathOf(resource, { ...ref, ...options }));
      return change(resource, ref, (stored) => mergePatched(stored, patch, options.subresource) as Stored);
    },
    apply: async (resource, object, options) => {
      const { metadata } = object as unknown as Stored;
      record(
        'APPLY',
        pathOf(resource, { ...metadata, ...(options.subresource && { subresource: options.subresource }) }),
      );
      if (!objects.has(pathOf(resource, metadata))) return insert(resource, object);
      return change(resource, metadata, (stored) => applyOver(stored, object as object, options.subresource) as Stored);
    },
    delete: async (resource, ref, preconditions = {}) => {
      const path = pathOf(resource, ref);
      record('DELETE', path);
      const stored = objects.get(path);
      if (stored === undefined) return;
      checkPreconditions(stored, preconditions);
      const metadata = {
        ...stored.metadata,
        deletionTimestamp: stored.metadata.deletionTimestamp ?? '2026-01-01T00:00:00Z',
      };
      save(resource, path, { ...structuredClone(stored), metadata });
    },
    watch: (resource, options, signal) => {
      record('WATCH', pathOf(resource));
      const collection = pathOf(resource);
      const missed = history
        .filter((entry) => entry.collection === collection && entry.version > Number(options.resourceVersion))
        .map((entry) => structuredClone(entry.event))
        .filter((event) => selects(options, event.object));
      return stream(missed, collection, options, watchers, signal) as AsyncIterable<never>;
    },
  };
};

async function* stream(
  pending: WatchEvent<unknown>[],
  collection: string,
  selector: Selector,
  watchers: Set<Watcher>,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<unknown>> {
  let wake = Promise.withResolvers<void>();
  const watcher: Watcher = {
    collection,
    selector,
    push: (event) => {
      pending.push(event);
      wake.resolve();
    },
  };
  watchers.add(watcher);
  signal.addEventListener('abort', () => wake.resolve(), { once: true });
  try {
    while (!signal.aborted) {
      const event = pending.shift();
      if (event !== undefined) {
        yield event;
        continue;
      }
      await wake.promise;
      wake = Promise.withResolvers<void>();
    }
  } finally {
    watchers.delete(watcher);
  }
}

const checkPreconditions = (stored: Stored, wanted: Preconditions): void => {
  const wrong =
    (wanted.uid !== undefined && wanted.uid !== stored.metadata.uid) ||
    (wanted.resourceVersion !== undefined && wanted.resourceVersion !== stored.metadata.resourceVersion);
  if (wrong) throw new AppError('Aborted', `${stored.kind} "${stored.metadata.name}" has changed`);
};

/** The selectors our code uses: equality on a field path, or on labels. */
const selects = (selector: Selector, stored: Stored): boolean => {
  const field = selector.fieldSelector?.split('=');
  const labels = selector.labelSelector?.split(',').map((each) => each.split('='));
  return (
    (field === undefined || String(at(stored, field[0] ?? '')) === field[1]) &&
    (labels === undefined || labels.every(([key = '', value]) => stored.metadata.labels?.[key] === value))
  );
};

const at = (object: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);
