import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { readEnvironment } from '../environment.ts';
import { identify, isStillRunning, type ProcessIdentity } from './process-table.ts';

export interface RunOptions {
  cwd?: string;
  /** Added to the environment of this process. */
  env?: Record<string, string>;
  input?: string;
  signal?: AbortSignal;
  timeoutMs?: number;
  /** File that standard output and error are appended to as well. */
  logFile?: string;
}

/**
 * Runs a command to its end.
 * Throws an Error that names the command, how it ended and the last lines of its standard error.
 */
export async function run(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<{ stdout: string; stderr: string }> {
  const result = await execa(file, args, {
    reject: false,
    stripFinalNewline: false,
    ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    maxBuffer: 64 * 1024 * 1024,
  });
  const [stdout, stderr] = [String(result.stdout ?? ''), String(result.stderr ?? '')];
  if (options.logFile !== undefined) await appendFile(options.logFile, stdout + stderr);
  if (!result.failed) return { stdout, stderr };
  const tail = (stderr || stdout).trim().split('\n').slice(-15).join('\n');
  throw new Error(`${[file, ...args].join(' ')} ${describeEnd(result, options)}${tail === '' ? '' : `:\n${tail}`}`);
}

interface CommandEnd {
  timedOut: boolean;
  isCanceled: boolean;
  exitCode?: number | undefined;
  signal?: string | undefined;
  originalMessage?: string | undefined;
}

function describeEnd(result: CommandEnd, options: RunOptions): string {
  if (result.timedOut) return `took longer than ${options.timeoutMs} ms`;
  if (result.isCanceled) return 'was cancelled';
  if (result.exitCode !== undefined) return `ended with exit code ${result.exitCode}`;
  return `ended by ${result.signal ?? result.originalMessage ?? 'an unknown cause'}`;
}

/** Starts a process that goes on when this one ends, and says nothing. For the last moment of this process, so it returns at once. */
export function leaveRunning(file: string, args: readonly string[]): void {
  spawn(file, args, { detached: true, stdio: 'ignore' }).unref();
}

/** A long-running process that the bed started. */
export interface Daemon {
  readonly name: string;
  readonly pid: number;
  /** Exit code; null when a signal ended it, or when another bed process than this one started it. */
  readonly exited: Promise<number | null>;
  /** Ends it with SIGTERM and, after the grace time, SIGKILL; its record is removed. Stopping twice is harmless. */
  stop(graceMs?: number): Promise<void>;
}

export interface DaemonOptions {
  /** Unique within the run directory. */
  name: string;
  file: string;
  args: readonly string[];
  /** The pid and its kernel start time are recorded in runDir/pids/NAME.json. */
  runDir: string;
  /** Standard output and error are appended here. */
  logFile: string;
  /** Added to the environment of this process. */
  env?: Record<string, string>;
  /** Network namespace to run in; only the network is entered, mounts stay the host's. */
  netns?: string;
}

/** Starts a process in a session of its own, so that it outlives this one, and records it for `stopRecorded`. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const recordFile = join(options.runDir, 'pids', `${options.name}.json`);
  await mkdir(dirname(recordFile), { recursive: true });
  await mkdir(dirname(options.logFile), { recursive: true });
  const log = await open(options.logFile, 'a');
  try {
    // nsenter and `ip netns exec` both exec the program, so the pid is that of the program itself.
    const command =
      options.netns === undefined
        ? [options.file, ...options.args]
        : ['nsenter', `--net=/run/netns/${options.netns}`, '--', options.file, ...options.args];
    const child = spawn(command[0] ?? options.file, command.slice(1), {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { ...readEnvironment().variables, ...options.env },
    });
    await once(child, 'spawn');
    child.unref();
    const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    const identity = await identify(child.pid ?? 0);
    if (identity === undefined) {
      throw new Error(`${options.name} ended as soon as it was started; its output is in ${options.logFile}`);
    }
    await writeRecord(recordFile, { name: options.name, ...identity });
    return createDaemon({ name: options.name, ...identity }, recordFile, exited);
  } finally {
    await log.close();
  }
}

/** The daemon another process of the bed started and recorded; undefined when it no longer runs. */
export async function findDaemon(runDir: string, name: string): Promise<Daemon | undefined> {
  const recordFile = join(runDir, 'pids', `${name}.json`);
  const record = await readRecord(recordFile);
  if (record === undefined || !(await isStillRunning(record))) return undefined;
  return createDaemon(record, recordFile, waitUntilGone(record));
}

/**
 * Crash clean-up: ends every recorded process that is still the same process (pid and start time), and removes the records.
 * Returns the names of those it ended. Without any record it does nothing.
 */
export async function stopRecorded(runDir: string): Promise<string[]> {
  const directory = join(runDir, 'pids');
  const files = await readdir(directory).catch(() => []);
  const ended = await Promise.all(
    files
      .filter((file) => file.endsWith('.json'))
      .map(async (file) => {
        const record = await readRecord(join(directory, file));
        const wasRunning = record !== undefined && (await isStillRunning(record));
        if (wasRunning) await endProcess(record, 2_000);
        await rm(join(directory, file), { force: true });
        return wasRunning ? record.name : undefined;
      }),
  );
  return ended.filter((name) => name !== undefined);
}

/** Ends a process and its group: SIGTERM, then SIGKILL after the grace time. Does nothing when it is gone. */
export async function endProcess(process: ProcessIdentity, graceMs: number): Promise<void> {
  for (const [signal, patienceMs] of [
    ['SIGTERM', graceMs],
    ['SIGKILL', 10_000],
  ] as const) {
    if (!(await isStillRunning(process))) return;
    sendSignal(process.pid, signal);
    const deadline = Date.now() + patienceMs;
    while (Date.now() < deadline && (await isStillRunning(process))) await delay(20);
  }
  if (await isStillRunning(process)) throw new Error(`process ${process.pid} is still there after SIGKILL`);
}

interface ProcessRecord extends ProcessIdentity {
  readonly name: string;
}

function createDaemon(record: ProcessRecord, recordFile: string, exited: Promise<number | null>): Daemon {
  return {
    name: record.name,
    pid: record.pid,
    exited,
    async stop(graceMs = 5_000) {
      await endProcess(record, graceMs);
      await rm(recordFile, { force: true });
    },
  };
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
}

async function waitUntilGone(identity: ProcessIdentity): Promise<null> {
  while (await isStillRunning(identity)) await delay(200, undefined, { ref: false });
  return null;
}

async function writeRecord(file: string, record: ProcessRecord): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(record));
  await rename(`${file}.new`, file);
}

async function readRecord(file: string): Promise<ProcessRecord | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ProcessRecord;
  } catch {
    return undefined;
  }
}
