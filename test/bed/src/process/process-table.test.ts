import { expect, test } from 'vitest';
import { identify, parseStat } from './process-table.ts';

test('reads state, threads and start time behind a program name with spaces and brackets', () => {
  const line = `42 (a) b (c) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 10\n`;
  expect(parseStat(line)).toEqual({ state: 'S', threads: 1, startTime: '987654' });
});

test('identifies this process and no process that cannot be', async () => {
  expect(await identify(process.pid)).toMatchObject({ pid: process.pid });
  expect(await identify(2 ** 30)).toBeUndefined();
});
