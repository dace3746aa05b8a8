import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { findStale, pruneCache } from './prune-cache.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const HOUR_MS = 60 * 60_000;
const NOW = Date.UTC(2026, 10, 22);
const hash = (digit: number) => String(digit).repeat(16);

/** A cache, and a directory of beds, in which entries 1, 2, … of a kind were used that many days ago. */
async function createCache() {
  const directory = await temporaryDirectory();
  const cache = join(directory, 'cache');
  const write = async (path: string, content: object) => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, JSON.stringify(content, undefined, 2));
  };
  return {
    paths: { cache, run: (bed: string) => join(directory, 'beds', bed), logs: () => directory, repository: directory },
    write,
    add: async (folder: string, name: string, daysAgo: number, imageDirectory?: string) => {
      const entry = join(cache, folder, name);
      await mkdir(entry, { recursive: true });
      if (imageDirectory !== undefined) await write(join(entry, 'nodes/node-1/node.json'), { imageDirectory });
      await utimes(entry, new Date(NOW), new Date(NOW - daysAgo * 24 * HOUR_MS));
      return entry;
    },
    names: async (folder: string) => (await readdir(join(cache, folder))).sort(),
  };
}

const machine = (digit: number) => `machine-${hash(digit)}`;
const cluster = (digit: number) => `cluster-${hash(digit)}`;

test('the latest three of each kind stay, whatever the order of their names', async () => {
  const cache = await createCache();
  for (const daysAgo of [5, 3, 1, 4, 2]) await cache.add('images', machine(daysAgo), daysAgo);
  await cache.add('images', `node-tree-${hash(9)}`, 9);
  await cache.add('images', 'packages', 99);
  expect((await pruneCache(cache.paths, NOW)).sort()).toEqual([machine(4), machine(5)]);
  expect(await cache.names('images')).toEqual([machine(1), machine(2), machine(3), `node-tree-${hash(9)}`, 'packages']);
});

test('what a bed was started with stays, also while its machines are off', async () => {
  const cache = await createCache();
  for (const daysAgo of [1, 2, 3, 4, 5, 6]) {
    await cache.add('images', machine(daysAgo), daysAgo);
    await cache.add('tools', `etcd-${hash(daysAgo)}`, daysAgo);
  }
  const { write, paths } = cache;
  await write(join(paths.run('b'), 'state.json'), {
    tools: { files: { etcd: join(paths.cache, 'tools', `etcd-${hash(5)}`, 'etcd') } },
    image: { directory: join(paths.cache, 'images', machine(6)) },
  });
  expect((await pruneCache(paths, NOW)).sort()).toEqual([`etcd-${hash(4)}`, `etcd-${hash(6)}`, machine(4), machine(5)]);
});

test('the machine of a saved cluster stays as long as the cluster', async () => {
  const cache = await createCache();
  const machines = [];
  for (const daysAgo of [1, 2, 3, 4, 5]) machines.push(await cache.add('images', machine(daysAgo), daysAgo));
  // The cluster used last is one of the oldest machine, and one that goes is one of the oldest but one.
  await cache.add('clusters', cluster(1), 1, machines[4]);
  for (const daysAgo of [2, 3]) await cache.add('clusters', cluster(daysAgo), daysAgo, machines[0]);
  await cache.add('clusters', cluster(4), 4, machines[3]);
  expect(await pruneCache(cache.paths, NOW)).toEqual([cluster(4), machine(4)]);
});

test('the saved cluster of a running bed stays, and its machine with it', async () => {
  const cache = await createCache();
  const machines = [];
  for (const daysAgo of [1, 2, 3, 4]) {
    machines.push(await cache.add('images', machine(daysAgo), daysAgo));
    await cache.add('clusters', cluster(daysAgo), daysAgo, machines.at(-1));
  }
  const imageDirectory = join(cache.paths.cache, 'clusters', cluster(4), 'nodes/node-1');
  await cache.write(join(cache.paths.run('b'), 'nodes/node-1/node.json'), { imageDirectory });
  expect(await pruneCache(cache.paths, NOW)).toEqual([]);
});

test('what was used within the hour stays: a bed may be starting from it', () => {
  const entries = [0, 1, 2, 3, 4].map((digit) => ({ name: machine(digit), usedMs: NOW - digit * 0.3 * HOUR_MS }));
  expect(findStale(entries, NOW)).toEqual([machine(4)]);
});

test('locks and builds that are under way are no entries', () => {
  const names = ['.lock', '.unfinished', '.lock.123.abc'].flatMap((end) => [1, 2, 3, 4].map((n) => machine(n) + end));
  expect(
    findStale(
      names.map((name) => ({ name, usedMs: 0 })),
      NOW,
    ),
  ).toEqual([]);
});

test('an empty cache is left alone', async () => {
  expect(await pruneCache((await createCache()).paths, NOW)).toEqual([]);
});
