import { AppError } from '@berth/contract/errors';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpHandler, type HttpServer, startHttpServer } from './http-server.ts';
import { silentLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { operationsHandler } from './operations.ts';

const servers: HttpServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

const serve = async (handler: HttpHandler): Promise<string> => {
  const server = await startHttpServer({
    handler,
    host: '127.0.0.1',
    port: 0,
    maxBodyBytes: 100,
    logger: silentLogger,
  });
  servers.push(server);
  return `http://127.0.0.1:${server.port}`;
};

describe('the HTTP server', () => {
  it('gives the handler path and body, and the caller its answer', async () => {
    const url = await serve(({ method, path, body }) => ({ status: 201, body: `${method} ${path} ${body}` }));
    const response = await fetch(`${url}/filter?x=1`, { method: 'POST', body: 'hello' });
    expect([response.status, await response.text()]).toEqual([201, 'POST /filter hello']);
  });

  it('refuses a body that is too large with a sentence', async () => {
    const url = await serve(() => ({ status: 200, body: '' }));
    const response = await fetch(url, { method: 'POST', body: 'x'.repeat(101) });
    expect([response.status, await response.text()]).toEqual([400, 'the body is larger than 100 bytes']);
  });

  it('answers when the handler throws', async () => {
    const url = await serve(() => {
      throw new AppError('Internal', 'a bug');
    });
    expect((await fetch(url)).status).toBe(500);
  });
});

describe('the operations endpoints', () => {
  it('say why a process is not ready, and give its metrics', async () => {
    const metrics = createMetrics();
    metrics.counter('berth_things_total', 'Things.', ['kind']).inc({ kind: 'a' });
    const url = await serve(
      operationsHandler({ metrics, unhealthy: () => undefined, unready: () => 'the cache is not filled yet' }),
    );
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([503, 'the cache is not filled yet']);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('berth_things_total{kind="a"} 1');
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
  });
});
