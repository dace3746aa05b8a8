import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { AppError } from '@berth/contract/errors';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpHandler, type HttpServer, type HttpServerOptions, startHttpServer } from './http-server.ts';
import { silentLogger } from './logger.ts';
import { createManualClock } from './manual-clock.ts';
import { createMetrics } from './metrics.ts';
import { operationsHandler } from './operations.ts';

const servers: HttpServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

const serve = async (handler: HttpHandler, deadline?: HttpServerOptions['deadline']): Promise<string> => {
  const server = await startHttpServer({
    handler,
    ...(deadline && { deadline }),
    host: '127.0.0.1',
    port: 0,
    maxBodyBytes: 100,
    logger: silentLogger,
  });
  servers.push(server);
  return `http://127.0.0.1:${server.port}`;
};

/** Sends these bytes and gives back all that comes until the server ends the connection. */
const exchange = async (port: string, bytes: string, onSent?: () => void): Promise<string> => {
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(bytes, () => onSent?.());
  return text(socket);
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

  it('answers a body that is too large although more of it is on its way', async () => {
    const { port } = new URL(await serve(() => ({ status: 200, body: '' })));
    const answer = await exchange(port, `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n${'x'.repeat(101)}`);
    expect(answer).toMatch(/^HTTP\/1.1 400 .*\r\n(.+\r\n)*connection: close\r\n/i);
  });

  it('answers 503 once its time is over, without asking the handler about half a body', async () => {
    const clock = createManualClock();
    const asked: string[] = [];
    const handler = ({ path }: { path: string }) => {
      asked.push(path);
      return { status: 200, body: '' };
    };
    const { port } = new URL(await serve(handler, { ms: 1_500, clock }));
    const started = Promise.withResolvers<void>();
    const answer = exchange(
      port,
      'POST /filter HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf',
      started.resolve,
    );
    await started.promise;
    await expect.poll(() => clock.advance(1_500).then(() => Promise.race([answer, '']))).toMatch(/^HTTP\/1.1 503 /);
    expect(await answer).toContain('no answer could be given within 1500 ms');
    expect(asked).toEqual([]);
  });

  it('tells the handler that the time is over', async () => {
    const clock = createManualClock();
    const reached = Promise.withResolvers<void>();
    const handler: HttpHandler = (_, signal) => {
      reached.resolve();
      return new Promise((__, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    const response = fetch(await serve(handler, { ms: 1_500, clock }));
    await reached.promise;
    await clock.advance(1_499);
    await clock.advance(1);
    expect((await response).status).toBe(503);
  });

  it('ends the connection after an answer that asks for it', async () => {
    const { port } = new URL(await serve(() => ({ status: 200, body: 'go elsewhere', lastOfConnection: true })));
    expect(await exchange(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')).toContain('go elsewhere');
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
