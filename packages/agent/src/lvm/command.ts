import { AppError, type ErrorCode } from '@berth/contract/errors';
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

  return {
    run: (command, args, { timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS, signal } = {}) =>
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
      }),
  };
};

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
