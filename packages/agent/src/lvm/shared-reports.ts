import type { Clock } from '@berth/runtime/clock';
import type { Lvm } from './command.ts';

/** The only command that changes nothing. */
export const REPORT = 'fullreport';

/**
 * Gives one report to all who ask while nothing has changed by a command of ours: a look at the disks takes LVM long, and
 * volumes are made, mounted and removed several at a time. With a negative time every caller gets a report of its own.
 */
export const shareReports = (run: Lvm['run'], { forMs, clock }: { forMs: number; clock: Clock }) => {
  let latest: { readonly text: Promise<string>; readonly fromMs: number } | undefined;

  const forget = () => {
    latest = undefined;
  };

  const shared: Lvm['run'] = async (command, args, runOptions = {}) => {
    if (command !== REPORT) {
      forget();
      return run(command, args, runOptions).finally(forget);
    }
    if (latest === undefined || clock.monotonicMs() - latest.fromMs > forMs) {
      // Without the caller's signal: others may be waiting for the same report.
      const { timeoutMs } = runOptions;
      const text = run(command, args, timeoutMs === undefined ? {} : { timeoutMs });
      latest = { text, fromMs: clock.monotonicMs() };
      text.catch(forget);
    }
    return latest.text;
  };

  return { run: shared, forget };
};
