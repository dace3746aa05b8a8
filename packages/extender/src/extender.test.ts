import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type Agent, Agent as HttpsAgent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CLAIMS, CLASSES, NODE_STORAGES, NODES } from '@berth/kube/resources';
import { createFakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { systemClock } from '@berth/runtime/clock';
import { silentLogger } from '@berth/runtime/logger';
import { spawner } from '@berth/runtime/spawn';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { extenderConfigSchema } from './config.ts';
import { runExtender } from './extender.ts';
import { claim, node, nodeStorage, pod, storageClass } from './testing/fixture.ts';

let directory: string;
let agent: Agent;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-extender-'));
  const made = await spawner.run(
    [
      ...['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=berth', '-addext', 'subjectAltName=DNS:localhost'],
      ...['-keyout', join(directory, 'tls.key'), '-out', join(directory, 'tls.crt')],
    ],
    { timeoutMs: 20_000 },
  );
  expect(made.exitCode, made.stderr).toBe(0);
  agent = new HttpsAgent({ keepAlive: true, ca: await readFile(join(directory, 'tls.crt')) });
});

afterAll(async () => {
  agent.destroy();
  await rm(directory, { recursive: true });
});

interface Ports {
  readonly port: number;
  readonly metricsPort: number;
}

const startExtender = (client: ReturnType<typeof createFakeKubeClient>, signal: AbortSignal) => {
  const config = extenderConfigSchema.parse({
    host: '127.0.0.1',
    port: 0,
    metricsPort: 0,
    tlsCert: join(directory, 'tls.crt'),
    tlsKey: join(directory, 'tls.key'),
    rackLabels: 'rack',
  });
  const listening = Promise.withResolvers<Ports>();
  const logger = {
    ...silentLogger,
    info: (fields: object, message: string) => {
      if (message === 'listening') listening.resolve(fields as Ports);
    },
  };
  const events = { record: () => {} };
  const done = runExtender({ config, client, events, clock: systemClock, logger }, signal);
  return {
    ports: Promise.race([listening.promise, done.then(() => Promise.reject(new Error('it ended early')))]),
    done,
  };
};

const post = (port: number, path: string, body: object) =>
  new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', servername: 'localhost', port, path, method: 'POST', agent },
      (response) => {
        text(response).then((answer) => resolve({ status: response.statusCode, body: JSON.parse(answer) }), reject);
      },
    );
    call.on('error', reject);
    call.end(JSON.stringify(body));
  });

it('serves kube-scheduler over HTTPS and tells over HTTP when it is ready', async () => {
  const client = createFakeKubeClient();
  await client.create(CLASSES, storageClass('fast'));
  for (const name of ['n1', 'n2']) await client.create(NODES, node(name));
  await client.create(NODE_STORAGES, { metadata: { name: 'n1' } });
  const { status } = nodeStorage('n1', 150);
  await client.mergePatch(NODE_STORAGES, { name: 'n1' }, { status: status ?? {} }, { subresource: 'status' });
  await client.create(CLAIMS, claim('data'));

  const controller = new AbortController();
  const { ports, done } = startExtender(client, controller.signal);
  const { port, metricsPort } = await ports;
  await expect
    .poll(async () => (await fetch(`http://127.0.0.1:${metricsPort}/readyz`)).status, { timeout: 5000 })
    .toBe(200);

  const asked = { Pod: pod('es-0', ['data']), Nodes: null, NodeNames: ['n1', 'n2'] };
  expect(await post(port, '/filter', asked)).toEqual({
    status: 200,
    body: {
      Nodes: null,
      NodeNames: ['n1'],
      FailedNodes: {},
      FailedAndUnresolvableNodes: { n2: 'the node has reported no disks' },
      Error: '',
    },
  });
  expect((await post(port, '/prioritize', asked)).body).toEqual([
    { Host: 'n1', Score: 3 },
    { Host: 'n2', Score: 0 },
  ]);
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  expect(metrics).toContain('verb="filter",outcome="placed"} 1');
  controller.abort();
  await done;
}, 30_000);
