import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { AppError, hasCode } from '@berth/contract/errors';
import { apiError, responseError } from './api-error.ts';
import type { KubeClient, ListOptions, Selector, WatchEvent } from './client.ts';
import type { Credentials } from './credentials/credentials.ts';
import { apiVersionOf, pathOf, type Resource } from './resources.ts';
import { type ApiRequest, createTransport, type Transport } from './transport.ts';

const CALL_TIMEOUT_MS = 30_000;
/** The server ends a watch after this; it also sends a bookmark about every minute, so two minutes of silence are a dead line. */
const WATCH_SECONDS = 290;
const WATCH_SILENCE_MS = 120_000;
const PAGE_SIZE = '500';

interface Page<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: T[];
}

export const createKubeClient = (credentials: Credentials): KubeClient => restClient(createTransport(credentials));

const restClient = (transport: Transport): KubeClient => {
  const call = async <T>(request: Omit<ApiRequest, 'idleTimeoutMs'>): Promise<T> => {
    const response = await transport.send({ ...request, idleTimeoutMs: CALL_TIMEOUT_MS });
    const body = await readAll(response);
    if (!isSuccess(response)) throw responseError(response.statusCode ?? 500, body);
    return JSON.parse(body) as T;
  };

  return {
    get: (resource, ref, signal) => orUndefined(call({ method: 'GET', path: pathOf(resource, ref), signal })),

    list: async <T>(resource: Resource<T>, options: ListOptions<T> = {}, signal?: AbortSignal) => {
      const { keep = (item: T) => item, namespace, ...selector } = options;
      const items: T[] = [];
      let next: string | undefined;
      for (;;) {
        const query = queryOf({ ...selector, limit: PAGE_SIZE, continue: next });
        const page = await call<Page<T>>({ method: 'GET', path: pathOf(resource, { namespace }) + query, signal });
        for (const item of page.items) items.push(keep(withKind(resource, item)));
        next = page.metadata.continue;
        if (!next) return { items, resourceVersion: page.metadata.resourceVersion };
      }
    },

    create: (resource, object, signal) =>
      call({
        method: 'POST',
        path: pathOf(resource, { namespace: namespaceOf(object) }),
        body: body(resource, object),
        signal,
      }),

    mergePatch: (resource, ref, patch, options = {}, signal) =>
      call({
        method: 'PATCH',
        path: pathOf(resource, { ...ref, ...options }),
        body: patch,
        contentType: 'application/merge-patch+json',
        signal,
      }),

    apply: (resource, object, { fieldManager, subresource }, signal) => {
      const path = pathOf(resource, { ...refOf(object), ...(subresource && { subresource }) });
      return call({
        method: 'PATCH',
        path: path + queryOf({ fieldManager, force: 'true' }),
        body: body(resource, object),
        contentType: 'application/apply-patch+yaml',
        signal,
      });
    },

    delete: async (resource, ref, { gracePeriodSeconds, ...preconditions } = {}, signal) => {
      const deletion = {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        propagationPolicy: 'Background',
        preconditions,
        ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
      };
      await orUndefined(call({ method: 'DELETE', path: pathOf(resource, ref), body: deletion, signal }));
    },

    watch: <T>(resource: Resource<T>, options: Selector & { readonly resourceVersion: string }, signal: AbortSignal) =>
      watch<T>(transport, pathOf(resource) + queryOf({ ...options, ...WATCH_QUERY }), signal),
  };
};

const WATCH_QUERY = { watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: String(WATCH_SECONDS) };

async function* watch<T>(transport: Transport, path: string, signal: AbortSignal): AsyncGenerator<WatchEvent<T>> {
  const response = await transport.send({ method: 'GET', path, idleTimeoutMs: WATCH_SILENCE_MS, signal });
  if (!isSuccess(response)) throw responseError(response.statusCode ?? 500, await readAll(response));
  try {
    for await (const line of createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })) {
      const event = JSON.parse(line) as WatchEvent<T> | { type: 'ERROR'; object: object };
      if (event.type === 'ERROR') throw apiError(event.object);
      yield event;
    }
    // A line reader ends quietly when its input breaks; the next read of a broken response would hang.
    if (response.errored) throw response.errored;
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('Unavailable', `the watch broke: ${(cause as Error).message}`, { cause });
  } finally {
    response.destroy();
  }
}

const readAll = async (response: IncomingMessage): Promise<string> => {
  try {
    return await text(response);
  } catch (cause) {
    throw new AppError('Unavailable', `the API server's answer broke off: ${(cause as Error).message}`, { cause });
  }
};

const isSuccess = (response: IncomingMessage): boolean => Math.floor((response.statusCode ?? 500) / 100) === 2;

const orUndefined = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try {
    return await work;
  } catch (thrown) {
    if (hasCode(thrown, 'NotFound')) return undefined;
    throw thrown;
  }
};

const queryOf = (values: Readonly<Record<string, string | undefined>>): string => {
  const present = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return `?${new URLSearchParams(present)}`;
};

/** Lists leave out what kind their items are; watches do not. Our caches hold both. */
const withKind = <T>(resource: Resource<T>, item: T): T => ({
  ...item,
  apiVersion: apiVersionOf(resource),
  kind: resource.kind,
});

const body = (resource: Resource<unknown>, object: unknown): object => withKind(resource, object) as object;

const metadataOf = (object: unknown) => (object as { metadata?: { name?: string; namespace?: string } }).metadata;

const namespaceOf = (object: unknown): string | undefined => metadataOf(object)?.namespace;

const refOf = (object: unknown) => {
  const { name, namespace } = metadataOf(object) ?? {};
  if (name === undefined) throw new AppError('InvalidArgument', 'an object without a name cannot be applied');
  return namespace === undefined ? { name } : { name, namespace };
};
