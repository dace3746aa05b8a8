import { VOLUMES } from '@berth/kube/resources';
import { createFakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { expect, it, onTestFinished } from 'vitest';
import { createCaches, startCaches } from './caches.ts';
import { createCachedReader, createFreshReader } from './cluster-reader.ts';
import { aPersistentVolume, VOLUME } from './testing/builders.ts';
import { AGENTS } from './testing/settings.ts';

const setUp = async () => {
  const client = createFakeKubeClient();
  const clock = createManualClock();
  const controller = new AbortController();
  onTestFinished(() => controller.abort(new Error('stopped')));
  const caches = createCaches({ agents: AGENTS, client, clock, logger: silentLogger });
  await startCaches(caches, controller.signal);
  await clock.advance(0);
  const readers = { cached: createCachedReader(caches), fresh: createFreshReader(client, caches, controller.signal) };
  return { client, clock, ...readers };
};

const renamed = () => {
  const volume = aPersistentVolume();
  return { ...volume, metadata: { ...volume.metadata, name: 'restored' } };
};

it('finds a persistent volume of another name by its handle', async () => {
  const { client, clock, cached, fresh } = await setUp();
  await client.create(VOLUMES, renamed());
  await clock.advance(0);
  expect((await cached.persistentVolumeOf(VOLUME))?.metadata?.name).toBe('restored');
  expect((await fresh.persistentVolumeOf(VOLUME))?.metadata?.name).toBe('restored');
});

it('prefers the one that is named like the handle', async () => {
  const { client, clock, cached, fresh } = await setUp();
  await client.create(VOLUMES, renamed());
  await client.create(VOLUMES, aPersistentVolume());
  await clock.advance(0);
  expect((await cached.persistentVolumeOf(VOLUME))?.metadata?.name).toBe(VOLUME);
  expect((await fresh.persistentVolumeOf(VOLUME))?.metadata?.name).toBe(VOLUME);
});

it('forgets a handle with its volume', async () => {
  const { client, clock, cached, fresh } = await setUp();
  await client.create(VOLUMES, { ...renamed(), metadata: { name: 'restored' } });
  await clock.advance(0);
  await client.delete(VOLUMES, { name: 'restored' });
  await clock.advance(0);
  expect(await cached.persistentVolumeOf(VOLUME)).toBeUndefined();
  expect(await fresh.persistentVolumeOf(VOLUME)).toBeUndefined();
});

it('does not take silence for absence (trap 90)', async () => {
  const { clock, fresh } = await setUp();
  await clock.advance(6 * 60_000);
  await expect(fresh.persistentVolumeOf(VOLUME)).rejects.toMatchObject({ code: 'Unavailable' });
});

it('does not take an error for absence (trap 90)', async () => {
  const { client, fresh } = await setUp();
  client.beforeCall(() => {
    throw new Error('connection refused');
  });
  await expect(fresh.logicalVolume(VOLUME)).rejects.toThrow('connection refused');
});
