import type { Clock } from '@berth/runtime/clock';
import { createKeyedLock } from '@berth/runtime/keyed-lock';
import type { Host } from '../host/host.ts';
import { createBreaker } from './breaker.ts';
import { lvmError } from './lvm-error.ts';
import { type LvmReport, parseReport } from './report.ts';
import { REPORT, shareReports } from './shared-reports.ts';

/** The one way to run LVM. */
export interface Lvm {
  /**
   * Runs an LVM command and returns its standard output. Commands of a node run one after another, each with a deadline.
   * Errors by exit code and text together: NotFound, AlreadyExists, OutOfCapacity, FailedPrecondition (in use), Timeout,
   * Unavailable (LVM is stuck, nothing was tried), Internal; details hold the command, exit code and standard error.
   */
  run(command: string, args: readonly string[], options?: LvmRunOptions): Promise<string>;
  /** Told when somebody else has changed disks: the next report is made anew. */
  forgetReport(): void;
  /** The last report that succeeded, however old; undefined when there has been none. */
  lastReport(): LvmReport | undefined;
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
  readonly clock: Clock;
  /** For how long a report is given again while no other command of ours has run. */
  readonly reuseReportsMs?: number;
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

export const createLvm = (options: LvmOptions): Lvm => {
  const { host, clock, commonArgs = ['--config', SETTINGS], reuseReportsMs = -1 } = options;
  const turns = createKeyedLock();
  const breaker = createBreaker(clock);
  let lastReport: (() => LvmReport) | undefined;

  const run: Lvm['run'] = async (command, args, runOptions = {}) => {
    const { timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS, signal } = runOptions;
    breaker.check();
    return turns.run('lvm', () =>
      breaker.run(async (onEnded) => {
        const argv = ['lvm', command, ...commonArgs, ...args] as const;
        const result = await host.run(argv, {
          timeoutMs,
          // The agent's own sockets and pipes are none of LVM's business.
          env: { LVM_SUPPRESS_FD_WARNINGS: '1' },
          onEnded,
          ...(signal && { signal }),
        });
        if (result.exitCode !== 0) throw lvmError([command, ...args].join(' '), result);
        if (command === REPORT) lastReport = lazy(() => parseReport(result.stdout));
        return result.stdout;
      }),
    );
  };

  const shared = shareReports(run, { forMs: reuseReportsMs, clock });
  return { run: shared.run, forgetReport: shared.forget, lastReport: () => lastReport?.() };
};

const lazy = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};
