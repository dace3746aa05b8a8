import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { collections } from './api-objects.ts';

// A stand-in for the API server, as far as a client that lists page by page and then watches can tell. Nothing ever changes.
const [certFile = '', keyFile = '', nodes = '0', volumes = '0'] = process.argv.slice(2);
const items = collections({ nodes: Number(nodes), volumes: Number(volumes) });

const page = (plural: string, query: URLSearchParams): string => {
  // Of pods only those of agents are ever selected by labels.
  const all = items[query.has('labelSelector') ? 'agents' : plural];
  const from = Number(query.get('continue') ?? '0');
  const to = from + Number(query.get('limit') ?? '500');
  const count = all?.count ?? 0;
  const next = to < count ? { continue: String(to) } : {};
  const listed = Array.from({ length: Math.min(to, count) - from }, (_, index) => all?.item(from + index));
  return JSON.stringify({ metadata: { resourceVersion: '1', ...next }, items: listed });
};

const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (request, response) => {
  const url = new URL(request.url ?? '/', 'https://localhost');
  response.writeHead(200, { 'content-type': 'application/json' });
  if (url.searchParams.get('watch') === 'true') response.flushHeaders();
  else response.end(page(url.pathname.split('/').at(-1) ?? '', url.searchParams));
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })));
