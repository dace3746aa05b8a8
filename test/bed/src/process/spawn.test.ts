import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identify, isStillRunning } from './process-table.ts';
import { findDaemon, run, startDaemon, stopRecorded } from './spawn.ts';

let runDir: string;
beforeEach(async () => {
  runDir = await mkdtemp(join(tmpdir(), 'berth-spawn-'));
});
afterEach(async () => {
  await stopRecorded(runDir);
  await rm(runDir, { recursive: true });
});

function startShell(name: string, script: string) {
  return startDaemon({ name, file: 'sh', args: ['-c', script], runDir, logFile: join(runDir, `${name}.log`) });
}

test('an error of run names the command, its exit code and the end of its standard error', async () => {
  await expect(run('sh', ['-c', 'echo why >&2; exit 3'])).rejects.toThrow(
    /^sh -c echo why >&2; exit 3 ended with exit code 3:\nwhy$/,
  );
});

test('run hands on input and gives both outputs', async () => {
  expect(await run('sh', ['-c', 'cat; echo err >&2'], { input: 'in' })).toEqual({ stdout: 'in', stderr: 'err\n' });
});

test('run ends a command that takes too long and says so', async () => {
  await expect(run('sleep', ['60'], { timeoutMs: 50 })).rejects.toThrow('took longer than 50 ms');
});

test('a daemon that ignores SIGTERM is ended after the grace time, and its record with it', async () => {
  const daemon = await startShell('stubborn', 'trap "" TERM; echo ready; while :; do sleep 0.05; done');
  const identity = await identify(daemon.pid);
  await expect.poll(() => readFile(join(runDir, 'stubborn.log'), 'utf8')).toBe('ready\n');
  await daemon.stop(100);
  expect(identity !== undefined && (await isStillRunning(identity))).toBe(false);
  expect(await readdir(join(runDir, 'pids'))).toEqual([]);
});

test('stopRecorded ends what a lost bed process has left, children included', async () => {
  const daemon = await startShell('parent', 'sleep 1000 & echo $!; wait');
  await expect.poll(() => readFile(join(runDir, 'parent.log'), 'utf8')).toMatch(/^\d+\n$/);
  const child = Number(await readFile(join(runDir, 'parent.log'), 'utf8'));
  expect(await stopRecorded(runDir)).toEqual(['parent']);
  await daemon.exited;
  await expect.poll(() => identify(child)).toBeUndefined();
  expect(await stopRecorded(runDir)).toEqual([]);
});

test('stopRecorded leaves a process alone that got the pid of a recorded one', async () => {
  const daemon = await startShell('other', 'sleep 1000');
  const record = join(runDir, 'pids', 'other.json');
  await writeFile(record, JSON.stringify({ name: 'earlier', pid: daemon.pid, startTime: '1' }));
  expect(await stopRecorded(runDir)).toEqual([]);
  expect(await identify(daemon.pid)).toBeDefined();
  await daemon.stop(0);
});

test('another process of the bed finds a daemon by name and can stop it', async () => {
  const daemon = await startShell('shared', 'exec sleep 1000');
  const found = await findDaemon(runDir, 'shared');
  expect(found?.pid).toBe(daemon.pid);
  await found?.stop();
  expect(await daemon.exited).toBeNull();
  expect(await findDaemon(runDir, 'shared')).toBeUndefined();
});

test('a program that is not there is an error, not a daemon', async () => {
  const options = { name: 'none', file: '/no/such/program', args: [], runDir, logFile: join(runDir, 'none.log') };
  await expect(startDaemon(options)).rejects.toThrow('ENOENT');
});
