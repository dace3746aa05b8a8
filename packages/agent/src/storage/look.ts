import { isDeepStrictEqual } from 'node:util';
import { type AppError, toAppError } from '@berth/contract/errors';
import type { EventText } from '@berth/kube/event-recorder';
import type { Clock } from '@berth/runtime/clock';
import { findMissingPrograms, HOST_PROGRAMS } from '../host/host.ts';
import { readReport } from '../lvm/report.ts';
import { type DiskScan, type DiskScanOptions, type ScanRequest, scanDisks } from './disk-scan.ts';
import { createRemovals } from './removal/advance.ts';

/** What is there, or why that can't be told: a hung disk or a missing program must show in the object too. */
export type Seen = Omit<DiskScan, 'events'> | { readonly failure: AppError };

export interface Sight {
  readonly seen: Seen;
  /** Sentences about programs that the host lacks. */
  readonly missingPrograms: readonly string[];
  /** What became of the operator's requests. */
  readonly events: readonly EventText[];
}

export interface LookOptions extends DiskScanOptions {
  readonly clock: Clock;
  /** Seconds between two looks at the disks; what LVM has is read each time. */
  readonly scanSeconds: number;
}

/** Between two looks at disks from which volumes are moved. */
const MOVING_MS = 10_000;

interface Scanned extends Pick<DiskScan, 'disks' | 'progress'> {
  readonly leaving: readonly string[];
  /** When the next look at the disks is due. */
  readonly dueMs: number;
}

/** Looks at the node. A look costs few programs: disks and programs change seldom, volumes often. */
export const createLook = (options: LookOptions) => {
  const { host, lvm, clock, scanSeconds } = options;
  let missingPrograms: readonly string[] | undefined;
  let scanned: Scanned | undefined;
  /** How often the disks were said to have changed. */
  let changes = 0;
  const advanceRemovals = createRemovals(clock);

  const untilScanMs = (): number => (scanned === undefined ? 0 : Math.max(0, scanned.dueMs - clock.monotonicMs()));

  const see = async (request: ScanRequest, signal: AbortSignal): Promise<DiskScan> => {
    const { wipe, leaving } = request;
    const isAsked = wipe.length > 0 || !isDeepStrictEqual(leaving, scanned?.leaving);
    if (scanned !== undefined && untilScanMs() > 0 && !isAsked) {
      return { ...scanned, report: await readReport(lvm, signal), events: [] };
    }
    const changesBefore = changes;
    const { disks, progress, ...rest } = await scanDisks({ ...options, advanceRemovals }, request, signal);
    const isMoving = [...progress.values()].some(({ phase }) => phase === 'Moving');
    const afterMs = isMoving ? Math.min(MOVING_MS, scanSeconds * 1000) : scanSeconds * 1000;
    // A change in the middle of this look may have come too late for it.
    const dueMs = clock.monotonicMs() + (changes === changesBefore ? afterMs : 0);
    scanned = { disks, progress, leaving, dueMs };
    return { disks, progress, ...rest };
  };

  return {
    look: async (request: ScanRequest, signal: AbortSignal): Promise<Sight> => {
      if (missingPrograms === undefined || missingPrograms.length > 0) {
        missingPrograms = await findMissingPrograms(host, HOST_PROGRAMS, signal);
      }
      try {
        const { events, ...seen } = await see(request, signal);
        return { missingPrograms, seen, events };
      } catch (thrown) {
        if (signal.aborted) throw thrown;
        const sight = { missingPrograms, seen: { failure: toAppError(thrown) }, events: [] };
        // A program may have been removed, or a disk: the next look looks at everything again.
        missingPrograms = undefined;
        scanned = undefined;
        return sight;
      }
    },
    /** Makes the next look one at the disks too. */
    forget: () => {
      changes += 1;
      scanned = undefined;
      lvm.forgetReport();
    },
    /** Milliseconds until the next look at the disks is due. */
    untilScanMs,
  };
};
