import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeNodes } from './node-queue.ts';

let directory: string;
const { signal } = new AbortController();

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-queue-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** Asks for nodes and notes when it has them. */
const ask = async (log: string[], name: string, nodes: readonly string[]) => {
  const release = await takeNodes(directory, nodes, signal);
  log.push(name);
  return release;
};

describe('the queue for nodes', () => {
  it('gives nodes that nobody has at once, and those of others when they are let go of', async () => {
    const log: string[] = [];
    const first = await ask(log, 'first', ['a']);
    const other = await ask(log, 'other', ['b']);
    const second = ask(log, 'second', ['a']);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(log).toEqual(['first', 'other']);
    await first();
    await (await second)();
    await other();
    expect(log).toEqual(['first', 'other', 'second']);
  });

  it('lets nobody who comes later pass by one who waits for all', async () => {
    const log: string[] = [];
    const first = await ask(log, 'first', ['a']);
    const all = ask(log, 'all', ['a', 'b']);
    await expect.poll(() => readdir(directory)).toContain('2.ticket');
    const later = ask(log, 'later', ['b']);
    await first();
    await (await all)();
    await (await later)();
    expect(log).toEqual(['first', 'all', 'later']);
  });
});
