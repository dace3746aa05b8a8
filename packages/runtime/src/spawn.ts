import { AppError } from '@berth/contract/errors';
import { execa } from 'execa';

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

export const spawner: Spawner = {
  run: async ([file = '', ...args], options) => {
    if (options.signal?.aborted) {
      options.onEnded?.();
      throw new AppError('Aborted', `${file} was cancelled before it started`);
    }
    const child = execa(file, args, {
      reject: false,
      // A group of its own, so that the deadline also ends what the program has started.
      detached: true,
      env: { ...options.env, LC_ALL: 'C' },
      maxBuffer: MAX_OUTPUT_BYTES,
      stripFinalNewline: false,
      ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
    });
    void child.then(() => options.onEnded?.());
    const deadline = stopOnDeadline(child.pid, options);
    const result = await Promise.race([child, deadline.passed]);
    deadline.release();
    if (typeof result === 'string') throw new AppError(result, sentence(result, file, args, options));
    if (result.exitCode === undefined) throw failure(file, result);
    return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
  },
};

type Stopped = 'Timeout' | 'Aborted';

/** `passed` does not wait for the program's end: one that hangs in the kernel does not even end when killed. */
const stopOnDeadline = (pid: number | undefined, { timeoutMs, signal }: CommandOptions) => {
  const { promise: passed, resolve } = Promise.withResolvers<Stopped>();
  const stop = (why: Stopped) => {
    if (pid !== undefined) killGroup(pid);
    resolve(why);
  };
  const onAbort = () => stop('Aborted');
  const timer = setTimeout(() => stop('Timeout'), timeoutMs);
  signal?.addEventListener('abort', onAbort);
  return {
    passed,
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

const sentence = (reason: Stopped, file: string, args: readonly string[], options: CommandOptions): string =>
  reason === 'Timeout'
    ? `${[file, ...args].join(' ')} did not end within ${options.timeoutMs} ms and was killed`
    : `${[file, ...args].join(' ')} was cancelled`;

interface Failed {
  readonly code?: string | undefined;
  readonly signal?: string | undefined;
  readonly shortMessage?: string | undefined;
  readonly cause?: unknown;
}

const failure = (file: string, result: Failed): AppError => {
  if (result.code === 'ENOENT') {
    return new AppError('NotFound', `the program ${file} is not installed or not on PATH`, { cause: result.cause });
  }
  return new AppError('Internal', result.shortMessage ?? `${file} ended by signal ${result.signal ?? 'unknown'}`, {
    cause: result.cause,
  });
};
