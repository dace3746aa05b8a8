import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestOfTag, mediaTypes, writeOciLayout } from './oci-layout.ts';
import { createRegistry } from './registry.ts';

const root = mkdtempSync(join(tmpdir(), 'berth-registry-'));
const server = createRegistry(root);
const get = (path: string, method = 'GET') =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { method });

beforeAll(async () => {
  const layer = join(root, 'layer.tar');
  writeFileSync(layer, 'layer content');
  await mkdir(join(root, 'team'));
  await writeOciLayout(join(root, 'team/app'), {
    name: 'registry.bed:5000/team/app:dev',
    layers: [layer],
    config: { Cmd: ['x'] },
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(async () => {
  server.close();
  await rm(root, { recursive: true });
});

test('a client finds out that this is a registry of version 2', async () => {
  expect((await get('/v2/')).status).toBe(200);
});

test('a tag leads to the manifest, with its type and digest', async () => {
  const response = await get('/v2/team/app/manifests/dev');
  expect(response.headers.get('content-type')).toBe(mediaTypes.manifest);
  expect(response.headers.get('docker-content-digest')).toBe(await digestOfTag(join(root, 'team/app'), 'dev'));
  expect(await response.json()).toMatchObject({ schemaVersion: 2, layers: [{ size: 13 }] });
});

test('HEAD gives the same headers and no content', async () => {
  const [whole, head] = [await get('/v2/team/app/manifests/dev'), await get('/v2/team/app/manifests/dev', 'HEAD')];
  expect(head.headers.get('content-length')).toBe(whole.headers.get('content-length'));
  expect(head.headers.get('docker-content-digest')).toBe(whole.headers.get('docker-content-digest'));
  expect(await head.text()).toBe('');
});

test('a layer is served by its digest', async () => {
  const manifest = (await (await get('/v2/team/app/manifests/dev')).json()) as { layers: { digest: string }[] };
  const response = await get(`/v2/team/app/blobs/${manifest.layers[0]?.digest}`);
  expect(await response.text()).toBe('layer content');
});

test('a manifest is served by its digest too', async () => {
  const digest = await digestOfTag(join(root, 'team/app'), 'dev');
  expect((await get(`/v2/team/app/manifests/${digest}`)).status).toBe(200);
});

test('what is not there is answered with 404 and a code of the specification', async () => {
  for (const [path, code] of [
    ['/v2/team/app/manifests/other', 'MANIFEST_UNKNOWN'],
    ['/v2/nothing/manifests/dev', 'MANIFEST_UNKNOWN'],
    [`/v2/team/app/blobs/sha256:${'0'.repeat(64)}`, 'BLOB_UNKNOWN'],
    ['/v2/../../etc/manifests/dev', 'NAME_UNKNOWN'],
  ] as const) {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ errors: [{ code }] });
  }
});

test('nothing can be pushed', async () => {
  expect((await get('/v2/team/app/manifests/dev', 'PUT')).status).toBe(405);
});
