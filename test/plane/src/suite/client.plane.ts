import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeStorage } from '@berth/contract/resources/node-storage';
import type { KubeClient } from '@berth/kube/client';
import { kubeconfigCredentials } from '@berth/kube/credentials/kubeconfig-credentials';
import { podCredentials } from '@berth/kube/credentials/pod-credentials';
import { LEASES, NODE_STORAGES, SECRETS } from '@berth/kube/resources';
import { createKubeClient } from '@berth/kube/rest-client';
import { createWatchCache } from '@berth/kube/watch-cache';
import { systemClock } from '@berth/runtime/clock';
import { type Logger, silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openPlane, type Plane } from '../plane.ts';
import { type BreakableLine, layLine } from '../testing/breakable-line.ts';

const NAMESPACE = 'berth-system';
const PATIENCE_MS = 30_000;

let plane: Plane;
let line: BreakableLine;
/** Objects of all tests, whose names begin with the run's. */
const made: string[] = [];

const soon = <T>(read: () => T) => expect.poll(read, { timeout: PATIENCE_MS, interval: 100 });
const make = async (name: string): Promise<string> => {
  const full = `client-${Date.now().toString(36)}-${name}`;
  made.push(full);
  await plane.client.create(NODE_STORAGES, { metadata: { name: full } });
  return full;
};
const remove = (name: string) => plane.client.delete(NODE_STORAGES, { name });

beforeAll(async () => {
  plane = await openPlane();
});
afterAll(async () => {
  for (const name of made) await remove(name);
});

/** A watched cache behind the line, what it told, and what it warned of. */
const watch = async () => {
  const credentials = { ...kubeconfigCredentials(plane.bed.kubeconfig), server: `https://${line.address}` };
  const warnings: string[] = [];
  const warn = (fields: { err?: unknown }) => void warnings.push(String(fields.err));
  const logger: Logger = { ...silentLogger, warn, child: () => logger };
  const parts = { client: createKubeClient(credentials), clock: systemClock, logger };
  const cache = createWatchCache({ ...parts, resource: NODE_STORAGES });
  const told: string[] = [];
  const earlier = new Set(made);
  cache.onChange(({ key, before, after }) => {
    if (made.includes(key) && !earlier.has(key)) told.push(`${key} ${before ? (after ? 'changed' : 'went') : 'came'}`);
  });
  const stop = new AbortController();
  onTestFinished(() => stop.abort(new Error('the test is over')));
  return {
    cache,
    told,
    warnings,
    start: async () => {
      cache.start(stop.signal);
      await cache.whenSynced(stop.signal);
    },
  };
};

describe('a watched cache and the real API server', () => {
  beforeEach(async () => {
    const { hostname: host, port } = new URL(kubeconfigCredentials(plane.bed.kubeconfig).server);
    line = await layLine({ host, port: Number(port) });
  });

  it('go on after the connection is dropped, and nothing is missed or told twice', async () => {
    const { told, start } = await watch();
    await start();
    const before = await make('before');
    await soon(() => told).toEqual([`${before} came`]);
    line.breakAll();
    const after = await make('after');
    await soon(() => told).toEqual([`${before} came`, `${after} came`]);
    await line.close();
  });

  it('go on when the version to watch from is compacted away, and the gap is told by comparison', async () => {
    const { told, warnings, start } = await watch();
    await start();
    const [goes, stays] = [await make('goes'), await make('stays')];
    await soon(() => told).toEqual([`${goes} came`, `${stays} came`]);
    line.hold();
    await remove(goes);
    const comes = await make('comes');
    const { controlPlane } = plane.bed;
    await controlPlane.killApiServer();
    // Whatever comes of it, the other tests need the API server again.
    await compact(plane).finally(() => controlPlane.startApiServer(plane.berth.signal));
    await soon(() => servedFromCache(plane)).toBe(true);
    line.release();
    await soon(() => told).toEqual([`${goes} came`, `${stays} came`, `${goes} went`, `${comes} came`]);
    expect(warnings).toContainEqual(expect.stringMatching(/too old resource version|compacted/));
    await line.close();
  });

  it('go on when a listener throws, and the other listeners hear of everything', async () => {
    const { cache, told, start } = await watch();
    cache.onChange(() => {
      throw new Error('a listener that throws');
    });
    const later: string[] = [];
    cache.onChange(({ key }) => void later.push(key));
    await start();
    const name = await make('heard-of');
    await soon(() => told).toEqual([`${name} came`]);
    await remove(name);
    await soon(() => told).toEqual([`${name} came`, `${name} went`]);
    expect(later.filter((key) => key === name)).toEqual([name, name]);
    await line.close();
  });
});

describe("a pod's client and the real API server", () => {
  it('go on within a second when the token is replaced and the old one is good no more', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'berth-token-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const secret = { namespace: NAMESPACE, name: `token-${Date.now().toString(36)}` };
    await plane.client.create(SECRETS, { metadata: secret });
    const token = (...args: string[]) =>
      plane.bed.kubectl(['-n', NAMESPACE, 'create', 'token', 'berth-controller', ...args]);
    const first = await token('--bound-object-kind=Secret', `--bound-object-name=${secret.name}`);
    await writeFile(join(directory, 'token'), first);
    await writeFile(join(directory, 'ca.crt'), plane.bed.controlPlane.pki.ca);
    const { server } = kubeconfigCredentials(plane.bed.kubeconfig);
    const clock = createManualClock();
    const client = createKubeClient(podCredentials(directory, server, clock));
    const outcome = () => listed(client);
    expect(await outcome()).toBe('listed');

    await writeFile(join(directory, 'token'), await token());
    await plane.client.delete(SECRETS, secret);
    // The API server remembers for ten seconds whom it let in.
    await soon(outcome).toBe('refused');
    await clock.advance(1_000);
    expect(await outcome()).toBe('listed');
  });
});

const listed = (client: KubeClient): Promise<'listed' | 'refused'> =>
  client.list<NodeStorage>(NODE_STORAGES).then(
    () => 'listed',
    () => 'refused',
  );

/** Whether the API server, just started, has read what is in etcd: until then it tells watchers only to come again. */
const servedFromCache = ({ bed }: Plane): Promise<boolean> =>
  bed.kubectl(['get', '--raw', '/apis/csi.storage.io/v1alpha1/nodestorages?resourceVersion=0']).then(
    () => true,
    () => false,
  );

/** Makes etcd forget all versions but the latest, by its JSON interface. */
const compact = async ({ bed }: Plane): Promise<void> => {
  const etcd = await bed.reach('127.0.0.1:2379');
  const call = async (path: string, body: object) => {
    const response = await fetch(`http://${etcd}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as { header: { revision: string } };
  };
  const { header } = await call('range', { key: Buffer.from('/').toString('base64') });
  await call('compaction', { revision: header.revision, physical: true });
};

describe('a list of the real API server', () => {
  const MORE_THAN_A_PAGE = 501;

  it('is whole, also of a namespace of more than a page, and has nothing of other namespaces', async () => {
    const run = Date.now().toString(36);
    const lease = (namespace: string, index = 0) => ({
      metadata: { namespace, name: `listed-${run}-${index}` },
      spec: {},
    });
    const here = Array.from({ length: MORE_THAN_A_PAGE }, (_, index) => lease('default', index));
    const all = [...here, lease('kube-system')];
    await Promise.all(all.map((each) => plane.client.create(LEASES, each)));
    const { items } = await plane.client.list(LEASES, { namespace: 'default' });
    await Promise.all(all.map(({ metadata }) => plane.client.delete(LEASES, metadata)));
    expect(items.filter(({ metadata }) => metadata?.name?.startsWith(`listed-${run}`))).toHaveLength(MORE_THAN_A_PAGE);
    expect(items.every(({ metadata }) => metadata?.namespace === 'default')).toBe(true);
  });
});
