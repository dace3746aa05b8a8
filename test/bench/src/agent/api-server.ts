import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { AppError, toAppError } from '@berth/contract/errors';
import type { KubeClient, Preconditions, Ref, Selector } from '@berth/kube/client';
import { EVENTS, LOGICAL_VOLUMES, NODE_STORAGES, NODES, type Resource } from '@berth/kube/resources';
import type { CertificateFiles } from '@berth/runtime/testing/certificate';

/** What an agent asks for. */
const RESOURCES: readonly Resource<unknown>[] = [NODES, NODE_STORAGES, LOGICAL_VOLUMES, EVENTS];
const PATH =
  /^\/(?:api|apis\/[^/]+)\/[^/]+(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<plural>[a-z]+)(?:\/(?<name>[^/]+))?(?:\/(?<part>status))?$/;
/** As often as the real one, so that a client does not take a quiet watch for a dead line. */
const BOOKMARK_MS = 60_000;

/** Serves a client's objects as the API server does, over TLS on 127.0.0.1: what an agent uses of it. */
export const startApiServer = async (client: KubeClient, files: CertificateFiles) => {
  const stopping = new AbortController();
  const server = createServer(
    { cert: await readFile(files.cert), key: await readFile(files.key) },
    (request, response) => {
      answer({ client, request, response, signal: stopping.signal }).catch((thrown: unknown) => {
        const { code, message } = toAppError(thrown);
        response.writeHead(STATUS[code] ?? 500, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ reason: code, message }));
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      stopping.abort();
      server.closeAllConnections();
      server.close();
    },
  };
};

const STATUS: Readonly<Record<string, number>> = { NotFound: 404, AlreadyExists: 409, Aborted: 409 };

interface Exchange {
  readonly client: KubeClient;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
}

const answer = async (exchange: Exchange): Promise<void> => {
  const { client, request, response } = exchange;
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'https://localhost');
  const { namespace, plural, name = '', part } = PATH.exec(pathname)?.groups ?? {};
  const resource = RESOURCES.find((each) => each.plural === plural);
  if (resource === undefined) throw new AppError('NotFound', `nobody knows ${pathname} here`);
  const selector = Object.fromEntries([...query].filter(([key]) => key.endsWith('Selector')));
  if (query.get('watch') === 'true') {
    return watch(exchange, resource, { ...selector, resourceVersion: query.get('resourceVersion') ?? '' });
  }
  response.setHeader('content-type', 'application/json');
  if (request.method === 'GET' && name === '') {
    const { items, resourceVersion } = await client.list(resource, selector);
    response.end(JSON.stringify({ metadata: { resourceVersion }, items }));
    return;
  }
  const ref = { name, ...(namespace !== undefined && { namespace }) };
  const object = await perform(exchange, { resource, ref, ...(part === 'status' && { subresource: part }) });
  if (object === undefined) throw new AppError('NotFound', `there is no ${plural} "${name}"`);
  response.end(JSON.stringify(object));
};

interface Subject {
  readonly resource: Resource<unknown>;
  readonly ref: Ref;
  readonly subresource?: 'status';
}

const perform = async ({ client, request }: Exchange, subject: Subject): Promise<unknown> => {
  const { resource, ref, ...part } = subject;
  if (request.method === 'GET') return client.get(resource, ref);
  const body = (await json(request)) as object;
  if (request.method === 'POST') return client.create(resource, body);
  if (request.method === 'DELETE') {
    await client.delete(resource, ref, (body as { preconditions?: Preconditions }).preconditions);
    return {};
  }
  return request.headers['content-type'] === 'application/apply-patch+yaml'
    ? client.apply(resource, body, { fieldManager: 'agent', ...part })
    : client.mergePatch(resource, ref, body, part);
};

const watch = async (
  { client, response, signal }: Exchange,
  resource: Resource<unknown>,
  from: Selector & { readonly resourceVersion: string },
): Promise<void> => {
  const closed = new AbortController();
  response.on('close', () => closed.abort());
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  const write = (event: object) => response.write(`${JSON.stringify(event)}\n`);
  const bookmarks = setInterval(
    () => write({ type: 'BOOKMARK', object: { metadata: { resourceVersion: from.resourceVersion } } }),
    BOOKMARK_MS,
  );
  try {
    for await (const event of client.watch(resource, from, AbortSignal.any([signal, closed.signal]))) write(event);
  } finally {
    clearInterval(bookmarks);
    response.end();
  }
};
