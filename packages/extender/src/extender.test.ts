import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type Agent, Agent as HttpsAgent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { SELECTED_NODE_ANNOTATION } from '@berth/contract/names';
import { CLAIMS, CLASSES, NODE_STORAGES, NODES } from '@berth/kube/resources';
import { createFakeKubeClient, type FakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { type Clock, systemClock } from '@berth/runtime/clock';
import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { type CertificateFiles, makeCertificate } from '@berth/runtime/testing/certificate';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { extenderConfigSchema } from './config.ts';
import { runExtender } from './extender.ts';
import { claim, node, nodeStorage, pod, storageClass } from './testing/fixture.ts';

let directory: string;
let files: CertificateFiles;
let agent: Agent;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-extender-'));
  files = await makeCertificate(directory, { altNames: ['DNS:localhost'] });
  agent = new HttpsAgent({ keepAlive: true, ca: await readFile(files.cert) });
});

afterAll(async () => {
  agent.destroy();
  await rm(directory, { recursive: true });
});

interface Ports {
  readonly port: number;
  readonly metricsPort: number;
}

const startExtender = (client: FakeKubeClient, signal: AbortSignal, clock: Clock = systemClock) => {
  const config = extenderConfigSchema.parse({
    host: '127.0.0.1',
    port: 0,
    metricsPort: 0,
    tlsCert: files.cert,
    tlsKey: files.key,
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
  const done = runExtender({ config, client, events, clock, logger }, signal);
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

/** A class, and two nodes of which one has 150 GiB. */
const furnish = async (client: FakeKubeClient) => {
  await client.create(CLASSES, storageClass('fast'));
  for (const name of ['n1', 'n2']) await client.create(NODES, node(name));
  await client.create(NODE_STORAGES, { metadata: { name: 'n1' } });
  const { status } = nodeStorage('n1', 150);
  await client.mergePatch(NODE_STORAGES, { name: 'n1' }, { status: status ?? {} }, { subresource: 'status' });
};

it('serves kube-scheduler over HTTPS and tells over HTTP when it is ready', async () => {
  const client = createFakeKubeClient();
  await furnish(client);
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

it('hands over to another replica, which knows what the first one decided', async () => {
  const client = createFakeKubeClient();
  const clock = createManualClock();
  await furnish(client);
  for (const name of ['one', 'two']) await client.create(CLAIMS, claim(name));
  const controllers = [new AbortController(), new AbortController()] as const;
  const [first, second] = controllers.map(({ signal }) => startExtender(client, signal, clock));
  const [firstPort, secondPort] = [(await first?.ports)?.port ?? 0, (await second?.ports)?.port ?? 0];
  await clock.advance(2_000);

  const ask = (port: number, name: string) =>
    post(port, '/filter', { Pod: pod(name, [name]), Nodes: null, NodeNames: ['n1'] });
  expect((await ask(firstPort, 'one')).body).toMatchObject({ NodeNames: ['n1'] });
  expect((await ask(secondPort, 'two')).body).toMatchObject({
    Error: 'berth: this replica of the extender does not lead',
  });
  // The scheduler's choice is all that the first one leaves behind.
  const chosen = { metadata: { annotations: { [SELECTED_NODE_ANNOTATION]: 'n1' } } };
  await client.mergePatch(CLAIMS, { namespace: 'prod', name: 'one' }, chosen);
  controllers[0].abort(new Error('stopped'));
  await clock.advance(2_000);
  await first?.done;
  expect((await ask(secondPort, 'two')).body).toMatchObject({
    FailedAndUnresolvableNodes: { n1: 'nvme: needs 100 GiB, 150 GiB free of 150 GiB; 100 GiB held for prod/one' },
  });
  controllers[1].abort(new Error('stopped'));
  await clock.advance(1_000);
  await second?.done;
}, 30_000);
