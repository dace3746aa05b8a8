import { toAppError } from '@berth/contract/errors';
import type { Clock } from '@berth/runtime/clock';
import { keep, withhold } from '../../lvm/leaving.ts';
import { type LvmReport, readReport } from '../../lvm/report.ts';
import { planRemoval } from './plan.ts';
import { placeOf, proceed, progressOf, type RemovableDisk, type RemovalContext } from './proceed.ts';
import type { RemovalProgress } from './removal-status.ts';
import { createStallWatch } from './stall-watch.ts';

interface AdvanceContext extends Omit<RemovalContext, 'stalls'> {
  readonly mode: 'adopt' | 'observe';
  readonly disks: readonly RemovableDisk[];
}

export interface RemovalPass {
  /** By identity; of the disks in our groups that are to leave. */
  readonly progress: ReadonlyMap<string, RemovalProgress>;
  /** What LVM has now: the report of the context when nothing was done. */
  readonly report: LvmReport;
}

/**
 * Brings the removal of each disk that is to leave as far as it goes without waiting, and gives those back that were leaving and
 * are to stay. To be called again until all are out: what is next is read from LVM each time, so that it goes on after any
 * interruption. A disk that can't go on says why and does not stop the others. Throws when LVM gives no report.
 */
export type AdvanceRemovals = (leaving: readonly string[], context: AdvanceContext) => Promise<RemovalPass>;

export const createRemovals = (clock: Clock): AdvanceRemovals => {
  const stalls = createStallWatch(clock);
  return async (leaving, given) => {
    const context = { ...given, stalls };
    // One whose identity can't be told in this look may be one that is to leave: it is left as it is.
    const known = context.disks.filter(({ identity }) => identity.tier !== 'none');
    const disks = known.filter(({ identity }) => leaving.includes(identity.value));
    if (context.mode === 'observe') return { progress: observe(disks, context), report: context.report };
    const others = known.filter((disk) => !disks.includes(disk));
    const hasMarked = [await keepAll(others, context), await withholdAll(disks, context)].includes(true);
    let report = hasMarked ? await readReport(context.lvm, context.signal) : context.report;
    const progress = new Map<string, RemovalProgress>();
    for (const disk of disks) {
      const proceeded = await proceed(disk, { ...context, report });
      report = proceeded.report;
      if (proceeded.progress !== undefined) progress.set(disk.identity.value, proceeded.progress);
    }
    return { progress, report };
  };
};

const observe = (disks: readonly RemovableDisk[], context: AdvanceContext): Map<string, RemovalProgress> => {
  const progress = new Map<string, RemovalProgress>();
  for (const disk of disks) {
    const place = placeOf(disk, context.report);
    const message = 'the agent only observes (setting mode)';
    if (place.kind === 'ours') progress.set(disk.identity.value, progressOf(place, 'Blocked', message));
  }
  return progress;
};

/** Gives back the disks that are marked as leaving. Returns whether there were any. */
const keepAll = async (disks: readonly RemovableDisk[], context: RemovalContext): Promise<boolean> => {
  let hasKept = false;
  for (const disk of disks) {
    const place = placeOf(disk, context.report);
    if (place.kind !== 'ours' || !place.physicalVolume.leaving) continue;
    hasKept = true;
    await attempt(disk, context, 'disk stays', () => keep(context.lvm, place.physicalVolume, context.signal));
  }
  return hasKept;
};

/** Marks all disks that are to leave before anything is moved, so that nothing goes from one of them to another. */
const withholdAll = async (disks: readonly RemovableDisk[], context: RemovalContext): Promise<boolean> => {
  let hasWithheld = false;
  for (const disk of disks) {
    const place = placeOf(disk, context.report);
    if (place.kind !== 'ours' || planRemoval({ ...place, isStalled: false }).kind !== 'withhold') continue;
    hasWithheld = true;
    await attempt(disk, context, 'disk is to leave', () => withhold(context.lvm, place.physicalVolume, context.signal));
  }
  return hasWithheld;
};

/** What fails is logged, and tried again by the next look. */
const attempt = async (
  { identity }: RemovableDisk,
  { logger, signal }: RemovalContext,
  message: string,
  work: () => Promise<void>,
): Promise<void> => {
  try {
    await work();
    logger.info({ disk: identity.value }, message);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    logger.error({ disk: identity.value, err: toAppError(thrown) }, `not done: ${message}`);
  }
};
