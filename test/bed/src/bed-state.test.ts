import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type BedState, checkNames, inspectBed, nextIndex, readState, writeState } from './bed-state.ts';
import { identify } from './process/process-table.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const state: BedState = {
  name: 'b',
  phase: 'starting',
  owner: null,
  port: 40000,
  nodes: [],
  tools: { key: 'k', files: {} },
  image: { directory: '/i', containers: '/c', accelerator: 'tcg' },
};

async function temporaryPaths() {
  const directory = await temporaryDirectory();
  return { cache: directory, run: (bed: string) => join(directory, bed), logs: () => directory, repository: directory };
}

test('a state is read back as written, and a torn one counts as none', async () => {
  const paths = await temporaryPaths();
  await writeState(paths.run('b'), state);
  expect(await readState(paths.run('b'))).toEqual(state);
  await writeFile(join(paths.run('b'), 'state.json'), '{"name":');
  expect(await readState(paths.run('b'))).toBeUndefined();
});

test('a bed whose owner lives is alive, and one whose owner was killed is only remains', async () => {
  const paths = await temporaryPaths();
  await writeState(paths.run('b'), { ...state, owner: (await identify(process.pid)) ?? null });
  expect((await inspectBed(paths, 'b')).kind).toBe('alive');
  await writeState(paths.run('b'), { ...state, owner: { pid: process.pid, startTime: '1' } });
  expect((await inspectBed(paths, 'b')).kind).toBe('remains');
});

test('a bed left running is alive as long as its API server runs', async () => {
  const paths = await temporaryPaths();
  await writeState(paths.run('b'), { ...state, phase: 'up' });
  expect((await inspectBed(paths, 'b')).kind).toBe('remains');
  await mkdir(join(paths.run('b'), 'pids'));
  await writeFile(join(paths.run('b'), 'pids/kube-apiserver.json'), JSON.stringify(await identify(process.pid)));
  expect((await inspectBed(paths, 'b')).kind).toBe('alive');
});

test('nothing under the name is no bed, and a directory without state is remains', async () => {
  const paths = await temporaryPaths();
  expect((await inspectBed(paths, 'b')).kind).toBe('absent');
  await mkdir(paths.run('b'));
  expect((await inspectBed(paths, 'b')).kind).toBe('remains');
});

test('a new node gets the lowest free number', () => {
  const spec = { name: 'n', rack: 'r', disks: [] };
  expect(nextIndex([])).toBe(1);
  expect(
    nextIndex([
      { spec, index: 1 },
      { spec, index: 3 },
    ]),
  ).toBe(2);
});

test('refuses names that are no host names, and two nodes of one name', () => {
  expect(() => checkNames('my_bed', [])).toThrow('"my_bed" must be');
  expect(() => checkNames('b', ['../n'])).toThrow('"../n" must be');
  expect(() => checkNames('b', ['n', 'n'])).toThrow('two nodes are named "n"');
});
