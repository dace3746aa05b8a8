import { existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { ensureCacheEntry } from './cache-entry.ts';

const { signal } = new AbortController();
const buildFile = async (directory: string) => writeFileSync(join(directory, 'content'), 'built');

test('two that want the same entry at once get one build', async () => {
  const root = await temporaryDirectory();
  let builds = 0;
  const build = async (directory: string) => {
    builds += 1;
    await buildFile(directory);
  };
  const entry = { root, key: 'k', build, signal };
  const directories = await Promise.all([ensureCacheEntry(entry), ensureCacheEntry(entry)]);
  expect(builds).toBe(1);
  expect(directories).toEqual([join(root, 'k'), join(root, 'k')]);
});

test('an entry tells when it was asked for last', async () => {
  const entry = { root: await temporaryDirectory(), key: 'k', build: buildFile, signal };
  const directory = await ensureCacheEntry(entry);
  utimesSync(directory, 0, 0);
  await ensureCacheEntry(entry);
  expect(statSync(directory).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
});

test('a build that fails leaves no entry, and the next one starts from nothing', async () => {
  const root = await temporaryDirectory();
  const failing = async (directory: string) => {
    writeFileSync(join(directory, 'half'), '');
    throw new Error('no mirror');
  };
  await expect(ensureCacheEntry({ root, key: 'k', build: failing, signal })).rejects.toThrow('no mirror');
  const directory = await ensureCacheEntry({ root, key: 'k', build: buildFile, signal });
  expect(existsSync(join(directory, 'half'))).toBe(false);
  expect(readFileSync(join(directory, 'content'), 'utf8')).toBe('built');
});

test('what a killed build left is not taken for an entry', async () => {
  const root = await temporaryDirectory();
  mkdirSync(join(root, 'k.unfinished'));
  writeFileSync(join(root, 'k.unfinished', 'half'), '');
  const directory = await ensureCacheEntry({ root, key: 'k', build: buildFile, signal });
  expect(existsSync(join(directory, 'half'))).toBe(false);
});
