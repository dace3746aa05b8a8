import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { AppError } from '@berth/contract/errors';
import { programEnvironment } from './config.ts';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Deadline in milliseconds; every external call has one. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Told once the program has ended and let go of its outputs: after a deadline that can be late, or never. */
  readonly onEnded?: () => void;
}

/** The one way to run a program. */
export interface Spawner {
  /**
   * Runs a program with an argument array, never through a shell, under LC_ALL=C, and drains both outputs.
   * A non-zero exit is a result. Errors: Timeout when the deadline passed, Aborted when the signal fired (both after
   * the whole process group was sent SIGKILL), NotFound when there is no such program.
   */
  run(argv: readonly string[], options: CommandOptions): Promise<CommandResult>;
}

const MAX_OUTPUT_BYTES = 64 * 1024 ** 2;

/** Node's own spawn: a library in between doubled what it costs to start a program, which on a small or emulated machine is seen. */
export const spawner: Spawner = {
  run: async (argv, options) => {
    if (options.signal?.aborted) {
      options.onEnded?.();
      throw new AppError('Aborted', `${argv[0]} was cancelled before it started`);
    }
    const child = start(argv, options);
    const deadline = stopOnDeadline(child.pid, options);
    try {
      return await Promise.race([collect(child, argv, options.onEnded), deadline.passed(argv)]);
    } finally {
      deadline.release();
    }
  },
};

const start = ([file = '', ...args]: readonly string[], { env, input }: CommandOptions): ChildProcess => {
  const child = spawn(file, args, {
    // A group of its own, so that the deadline also ends what the program has started.
    detached: true,
    env: programEnvironment({ ...env, LC_ALL: 'C' }),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  // A program may end without having read all of it.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  return child;
};

const collect = (child: ChildProcess, [file = '']: readonly string[], onEnded?: () => void): Promise<CommandResult> =>
  new Promise((resolve, reject) => {
    const tooLong = () => {
      if (child.pid !== undefined) killGroup(child.pid);
      reject(new AppError('Internal', `${file} wrote more than ${MAX_OUTPUT_BYTES} bytes and was killed`));
    };
    const stdout = readText(child.stdout, tooLong);
    const stderr = readText(child.stderr, tooLong);
    child.on('error', (cause) => {
      onEnded?.();
      reject(notStarted(file, cause));
    });
    child.on('close', (exitCode, signal) => {
      onEnded?.();
      if (exitCode === null) reject(new AppError('Internal', `${file} ended by signal ${signal}`));
      else resolve({ exitCode, stdout: stdout(), stderr: stderr() });
    });
  });

/** Reads a stream to its end; the function gives what came so far. */
const readText = (stream: Readable | null, tooLong: () => void): (() => string) => {
  const chunks: Buffer[] = [];
  let length = 0;
  stream?.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > MAX_OUTPUT_BYTES) tooLong();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
};

type Stopped = 'Timeout' | 'Aborted';

/** `passed` does not wait for the program's end: one that hangs in the kernel does not even end when killed. */
const stopOnDeadline = (pid: number | undefined, options: CommandOptions) => {
  const { timeoutMs, signal } = options;
  const { promise: stopped, resolve } = Promise.withResolvers<Stopped>();
  const stop = (why: Stopped) => {
    if (pid !== undefined) killGroup(pid);
    resolve(why);
  };
  const onAbort = () => stop('Aborted');
  const timer = setTimeout(() => stop('Timeout'), timeoutMs);
  signal?.addEventListener('abort', onAbort);
  return {
    passed: async (argv: readonly string[]): Promise<never> => {
      const why = await stopped;
      throw new AppError(why, sentence(why, argv, timeoutMs));
    },
    release: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
};

const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
  }
};

const sentence = (reason: Stopped, argv: readonly string[], timeoutMs: number): string =>
  reason === 'Timeout'
    ? `${argv.join(' ')} did not end within ${timeoutMs} ms and was killed`
    : `${argv.join(' ')} was cancelled`;

const notStarted = (file: string, cause: Error): AppError =>
  (cause as NodeJS.ErrnoException).code === 'ENOENT'
    ? new AppError('NotFound', `the program ${file} is not installed or not on PATH`, { cause })
    : new AppError('Internal', `${file} can't be started: ${cause.message}`, { cause });
