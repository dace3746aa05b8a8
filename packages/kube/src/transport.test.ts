import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock } from '@berth/runtime/manual-clock';
import { makeCertificate } from '@berth/runtime/testing/certificate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { podCredentials } from './credentials/pod-credentials.ts';
import { createTransport } from './transport.ts';

/** An API server that lets in one token. */
const api = { lets: 'first' };
let server: Server;
let directory: string;
let address: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-transport-'));
  const files = await makeCertificate(directory, { altNames: ['IP:127.0.0.1'] });
  const [key, cert] = [await readFile(files.key, 'utf8'), await readFile(files.cert, 'utf8')];
  server = createServer({ key, cert }, ({ headers }, response) => {
    response.statusCode = headers.authorization === `Bearer ${api.lets}` ? 200 : 401;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(join(directory, 'ca.crt'), cert);
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true });
});

describe('a request that is refused for its token', () => {
  it('makes the next one show the token that has taken its place', async () => {
    await writeFile(join(directory, 'token'), 'first');
    const clock = createManualClock();
    const transport = createTransport(podCredentials(directory, address, clock));
    const status = async () => {
      const response = await transport.send({ method: 'GET', path: '/', idleTimeoutMs: 5_000 });
      response.resume();
      return response.statusCode;
    };
    expect(await status()).toBe(200);
    await clock.advance(1_000);
    api.lets = 'second';
    await writeFile(join(directory, 'token'), 'second');
    expect(await status()).toBe(401);
    expect(await status()).toBe(200);
  });
});
