import { AppError, type ErrorCode } from '@berth/contract/errors';
import type { Clock } from '@berth/runtime/clock';
import { createKeyedLock } from '@berth/runtime/keyed-lock';
import type { CommandResult } from '@berth/runtime/spawn';
import type { Host } from '../host/host.ts';

/** The one way to run LVM. */
export interface Lvm {
  /**
   * Runs an LVM command and returns its standard output. Commands of a node run one after another, each with a deadline.
   * Errors by exit code and text together: NotFound, AlreadyExists, OutOfCapacity, FailedPrecondition (in use), Timeout,
   * Internal; details hold the command, exit code and standard error.
   */
  run(command: string, args: readonly string[], options?: LvmRunOptions): Promise<string>;
}

export interface LvmRunOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface LvmOptions {
  readonly host: Host;
  readonly timeoutMs?: number;
  /** Put behind every command's name, for example to run without device mapper. */
  readonly commonArgs?: readonly string[];
  /** For how long a report is given again while no other command of ours has run; without it, never. */
  readonly reuseReports?: { readonly forMs: number; readonly clock: Clock };
}

const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Disks of guests and of network storage are never looked at, and the archive of metadata does not grow without end:
 * thousands of files there make every command slow.
 */
const SETTINGS = [
  'devices{global_filter=["r|^/dev/rbd|","r|^/dev/drbd|","r|^/dev/nbd|","r|^/dev/zram|","r|^/dev/loop|"]}',
  'backup{retain_min=10 retain_days=3}',
].join(' ');

/** LVM2's exit codes: tools/errors.h, ECMD_FAILED. */
const FAILED = 5;

export const createLvm = (options: LvmOptions): Lvm => {
  const turns = createKeyedLock();
  const { host, commonArgs = ['--config', SETTINGS] } = options;

  const runNow: Lvm['run'] = (command, args, { timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS, signal } = {}) =>
    turns.run('lvm', async () => {
      const argv = ['lvm', command, ...commonArgs, ...args] as const;
      const result = await host.run(argv, {
        timeoutMs,
        // The agent's own sockets and pipes are none of LVM's business.
        env: { LVM_SUPPRESS_FD_WARNINGS: '1' },
        ...(signal && { signal }),
      });
      if (result.exitCode === 0) return result.stdout;
      throw lvmError([command, ...args].join(' '), result);
    });

  const { reuseReports } = options;
  return { run: reuseReports === undefined ? runNow : withReports(runNow, reuseReports) };
};

/**
 * Gives one report to all who ask while nothing has changed by a command of ours: a look at the disks takes LVM long, and
 * volumes are made, mounted and removed several at a time.
 */
const withReports = (runNow: Lvm['run'], { forMs, clock }: { forMs: number; clock: Clock }): Lvm['run'] => {
  let latest: { readonly text: Promise<string>; readonly fromMs: number } | undefined;

  const forget = () => {
    latest = undefined;
  };

  return async (command, args, runOptions = {}) => {
    if (command !== REPORT) {
      forget();
      return runNow(command, args, runOptions).finally(forget);
    }
    if (latest === undefined || clock.monotonicMs() - latest.fromMs > forMs) {
      // Without the caller's signal: others may be waiting for the same report.
      const { timeoutMs } = runOptions;
      const text = runNow(command, args, timeoutMs === undefined ? {} : { timeoutMs });
      latest = { text, fromMs: clock.monotonicMs() };
      text.catch(forget);
    }
    return latest.text;
  };
};

/** The only command that changes nothing. */
const REPORT = 'fullreport';

const MEANINGS: readonly { readonly text: RegExp; readonly code: ErrorCode }[] = [
  { text: /insufficient free space|insufficient suitable/i, code: 'OutOfCapacity' },
  { text: /already exists/i, code: 'AlreadyExists' },
  { text: /failed to find|not found/i, code: 'NotFound' },
  { text: /in use|is used by another/i, code: 'FailedPrecondition' },
];

/** What a failed command means; text alone is not trusted (trap 41: a warning can say "not found" of something else). */
export const lvmError = (command: string, result: CommandResult): AppError => {
  const lines = meaningfulLines(result.stderr);
  const code = result.exitCode === FAILED ? MEANINGS.find(({ text }) => text.test(lines.join('\n')))?.code : undefined;
  return new AppError(
    code ?? 'Internal',
    `lvm ${command} failed: ${lines.join('; ') || `exit code ${result.exitCode}`}`,
    {
      details: { command, exitCode: result.exitCode, stderr: result.stderr },
    },
  );
};

const meaningfulLines = (stderr: string): string[] =>
  stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('WARNING:') && !line.startsWith('File descriptor'));
