import { expect, test } from 'vitest';
import { findProblems, type Machine } from './preflight.ts';

const GiB = 1024 ** 3;
const good: Machine = {
  root: true,
  tun: true,
  goVersion: 'go1.26.8',
  memory: 16 * GiB,
  disk: 50 * GiB,
  apt: true,
  missingPackages: ['buildah'],
};

test('a machine that only lacks Debian packages has no problem', () => {
  expect(findProblems(good)).toEqual([]);
});

test('says one sentence for each thing that is missing', () => {
  const problems = findProblems({
    ...good,
    root: false,
    goVersion: undefined,
    memory: 8 * GiB,
    disk: 3 * GiB,
    apt: false,
  });
  expect(problems).toHaveLength(5);
  expect(problems.join('\n')).toMatch(
    /root.*\n.*Go is missing.*\n.*8\.0 GiB of memory.*\n.*3\.0 GiB free.*\n.*buildah/,
  );
});

test('Go 1.25 is too old, later versions are not', () => {
  expect(findProblems({ ...good, goVersion: 'go1.25.9' })).toEqual([
    'go1.25.9 is too old; Go 1.26 or newer is needed.',
  ]);
  expect(findProblems({ ...good, goVersion: 'go1.30' })).toEqual([]);
});
