import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Daemon, startDaemon } from '@berth/bed/process/spawn';

/** A program of this folder, in a process of its own. */
export interface NodeProcess {
  readonly pid: number;
  /** What the program printed as its first line, as JSON. */
  readonly hello: unknown;
  stop(): Promise<void>;
}

const START_MS = 60_000;

/** Starts a program under this Node, with flags for Node itself, and waits for its first line. `file` is an absolute path. */
export const startNodeProcess = async (
  file: string,
  args: readonly string[],
  signal: AbortSignal,
  nodeFlags: readonly string[] = [],
): Promise<NodeProcess> => {
  const runDir = await mkdtemp(join(tmpdir(), 'berth-bench-'));
  const logFile = join(runDir, 'output');
  const daemon = await startDaemon({
    name: 'program',
    file: process.execPath,
    args: [...nodeFlags, file, ...args],
    runDir,
    logFile,
  });
  const stop = async () => {
    await daemon.stop();
    await rm(runDir, { recursive: true });
  };
  try {
    const hello = await firstLine(logFile, daemon, signal);
    return { pid: daemon.pid, hello: JSON.parse(hello), stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
};

const firstLine = async (logFile: string, daemon: Daemon, signal: AbortSignal): Promise<string> => {
  let ended = false;
  void daemon.exited.then(() => {
    ended = true;
  });
  for (const untilMs = performance.now() + START_MS; performance.now() < untilMs; ) {
    const text = await readFile(logFile, 'utf8');
    const end = text.indexOf('\n');
    if (end > 0) return text.slice(0, end);
    if (ended) throw new Error(`the program ended before it had started:\n${text}`);
    await delay(20, undefined, { signal });
  }
  throw new Error(`the program did not start within ${START_MS} ms`);
};
