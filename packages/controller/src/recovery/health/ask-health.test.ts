import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NODES, SECRETS, STATEFUL_SETS } from '@berth/kube/resources';
import { makeCertificate } from '@berth/runtime/testing/certificate';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLostNodeCluster } from '../../testing/lost-node-cluster.ts';
import type { LostNodeCluster } from '../../testing/lost-nodes.ts';

const ES = { namespace: 'shop', name: 'es' };
const BASIC = `Basic ${Buffer.from('elastic:hunter2').toString('base64')}`;

/** An Elasticsearch as far as the guard sees it. */
const application = { answer: '', silent: false, asked: [] as string[] };
let server: Server;
let directory: string;
let ca: string;
let url: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-health-'));
  const files = await makeCertificate(directory, { altNames: ['IP:127.0.0.1'] });
  ca = await readFile(files.cert, 'utf8');
  const key = await readFile(files.key, 'utf8');
  server = createServer({ key, cert: ca }, (request, response) => {
    application.asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? 'nobody'}`);
    if (!application.silent) response.end(application.answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/_cluster/health`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true });
});

beforeEach(() => {
  Object.assign(application, { answer: '{"status":"yellow"}', silent: false, asked: [] });
});

const encode = (text: string): string => Buffer.from(text).toString('base64');

const setUp = async ({
  healthChecks = 'on',
  address = url,
}: {
  healthChecks?: 'on' | 'off';
  address?: string;
} = {}) => {
  const cluster = await createLostNodeCluster({ healthChecks });
  const annotations = { 'csi.storage.io/health-check-url': address, 'csi.storage.io/health-check-secret': 'es-health' };
  await cluster.api.mergePatch(STATEFUL_SETS, ES, { metadata: { annotations } });
  const data = { 'ca.crt': encode(ca), username: encode('elastic'), password: encode('hunter2\n') };
  await cluster.api.create(SECRETS, { metadata: { namespace: 'shop', name: 'es-health' }, data });
  return cluster;
};

const lose = async (cluster: LostNodeCluster) => {
  await cluster.setNodeReady('b', 'Unknown');
  await cluster.setReady(1, 'False');
  await cluster.clock.advance(900_000);
  await cluster.step();
};

const expectRefusal = (cluster: LostNodeCluster, why: RegExp) => {
  expect(cluster.deletions).toEqual([]);
  expect(cluster.told.at(-1)).toMatch(/^RecoveryRefused: .*StatefulSet es wants its health to be asked, and /);
  expect(cluster.told.at(-1)).toMatch(why);
  expect(cluster.told.at(-1)).toContain('To give it up all the same: kubectl -n shop annotate pvc data-es-1');
  expect(cluster.told.join()).not.toContain('hunter2');
};

describe('an application that names a health check', () => {
  it('is asked once with the credentials of its Secret, over TLS that its CA vouches for', async () => {
    const cluster = await setUp();
    await lose(cluster);
    expect(application.asked).toEqual([`GET /_cluster/health ${BASIC}`]);
    expect(cluster.deletions).toEqual(['data-es-1 gracefully', 'es-1 0']);
  });

  it('keeps its data while it is red', async () => {
    const cluster = await setUp();
    application.answer = '{"status":"red"}';
    await lose(cluster);
    expectRefusal(cluster, /its status is red/);
    application.answer = '{"status":"yellow"}';
    await cluster.step();
    expect(cluster.deletions).toHaveLength(2);
  });

  it('keeps a member on a node that is to be removed until it is green', async () => {
    const cluster = await setUp();
    const metadata = { annotations: { 'csi.storage.io/remove-node': 'true' } };
    await cluster.api.mergePatch(NODES, { name: 'b' }, { metadata, spec: { unschedulable: true } });
    await cluster.step();
    expectRefusal(cluster, /its status is yellow/);
    application.answer = '{"status":"green"}';
    await cluster.step();
    expect(cluster.deletions).toEqual(['data-es-1 gracefully', 'es-1 gracefully']);
  });

  it('is not asked when a person has confirmed the loss', async () => {
    const cluster = await setUp();
    application.answer = '{"status":"red"}';
    await cluster.confirm(1);
    await lose(cluster);
    expect(application.asked).toEqual([]);
    expect(cluster.deletions).toHaveLength(2);
  });

  it('keeps its data when it does not answer in time', async () => {
    const cluster = await setUp();
    application.silent = true;
    const losing = lose(cluster);
    await expect.poll(() => application.asked).toHaveLength(1);
    await cluster.clock.advance(5_000);
    await losing;
    expectRefusal(cluster, /it cannot be asked: no answer within 5 s/);
  });

  it('keeps its data when the certificate is not vouched for', async () => {
    const cluster = await setUp();
    await cluster.api.mergePatch(SECRETS, { namespace: 'shop', name: 'es-health' }, { data: { 'ca.crt': null } });
    await lose(cluster);
    expect(application.asked).toEqual([]);
    expectRefusal(cluster, /it cannot be asked: self-signed certificate/);
  });

  it('keeps its data when the Secret is missing', async () => {
    const cluster = await setUp();
    await cluster.api.delete(SECRETS, { namespace: 'shop', name: 'es-health' });
    await lose(cluster);
    expectRefusal(cluster, /there is no Secret es-health in namespace shop/);
  });

  it('keeps its data when nobody listens', async () => {
    const cluster = await setUp({ address: 'https://127.0.0.1:1/' });
    await lose(cluster);
    expectRefusal(cluster, /it cannot be asked: .*ECONNREFUSED/);
  });

  it.each(['http://es:9200', 'https://elastic:hunter2@es:9200', 'es'])(
    'keeps its data when %s is no address to ask',
    async (address) => {
      const cluster = await setUp({ address });
      await lose(cluster);
      expectRefusal(cluster, /is not an https:\/\/ address without credentials/);
    },
  );

  it('keeps its data when the controller may not ask', async () => {
    const cluster = await setUp({ healthChecks: 'off' });
    await lose(cluster);
    expect(application.asked).toEqual([]);
    expectRefusal(cluster, /the controller does not ask; start it with --health-checks=on/);
  });
});
