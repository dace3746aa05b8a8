import { toAppError } from '@berth/contract/errors';
import type { Logger } from '@berth/runtime/logger';
import type { Lvm } from '../../lvm/command.ts';
import { clearPhysicalVolume, startMove, takeOut, withhold } from '../../lvm/leaving.ts';
import { type LvmReport, readReport } from '../../lvm/report.ts';
import { type DiskPlace, findPlace } from '../disk-place.ts';
import type { SurveyedDisk } from '../survey.ts';
import { planRemoval, type RemovalStep } from './plan.ts';
import { leftBytes, type RemovalProgress } from './removal-status.ts';
import type { StallWatch } from './stall-watch.ts';

export interface RemovalContext {
  readonly lvm: Lvm;
  readonly report: LvmReport;
  readonly logger: Logger;
  readonly stalls: StallWatch;
  readonly signal: AbortSignal;
}

export interface Proceeded {
  /** What LVM has now. */
  readonly report: LvmReport;
  /** Undefined when the disk is in none of our groups, or no longer. */
  readonly progress?: RemovalProgress;
}

type OwnPlace = Extract<DiskPlace, { kind: 'ours' }>;

/** A disk that is to leave, or is not any more. */
export type RemovableDisk = Pick<SurveyedDisk, 'device' | 'identity' | 'uuids'>;

/** Where LVM has a disk by this report. Groups that are handed over are somebody else's here: nothing is done in them. */
export const placeOf = ({ device, uuids }: RemovableDisk, report: LvmReport): DiskPlace =>
  findPlace(device, { report, ownUuids: uuids, handedOver: [] });

export const progressOf = (
  { group, physicalVolume }: OwnPlace,
  phase: RemovalProgress['phase'],
  message: string,
): RemovalProgress => ({ phase, message, leftBytes: leftBytes(physicalVolume, group.extentBytes) });

/** Brings the removal of one disk as far as it goes without waiting. */
export const proceed = async (disk: RemovableDisk, context: RemovalContext): Promise<Proceeded> => {
  const { lvm, stalls, signal } = context;
  const done = new Set<RemovalStep['kind']>();
  let { report } = context;
  let place = placeOf(disk, report);
  while (place.kind === 'ours') {
    const { group, physicalVolume } = place;
    const step = planRemoval({ group, physicalVolume, isStalled: stalls.isStalled(physicalVolume) });
    if (step.kind === 'blocked') return { report, progress: progressOf(place, 'Blocked', step.message) };
    if (step.kind === 'wait') return { report, progress: progressOf(place, 'Moving', step.message) };
    // Each once: one that has no effect is tried again by the next look, not at once.
    if (done.has(step.kind))
      return { report, progress: progressOf(place, 'Moving', 'its volumes are moved one by one') };
    done.add(step.kind);
    context.logger.info({ disk: disk.identity.value, group: group.name, step }, 'disk is leaving');
    const failure = await carryOut(step, place, context);
    report = await readReport(lvm, signal);
    if (failure !== undefined) return { report, progress: progressOf(place, 'Blocked', failure) };
    place = placeOf(disk, report);
  }
  // Of our making and in no group: the removal was interrupted in between.
  if (place.kind !== 'prepared') return { report };
  const { path } = place.physicalVolume;
  const failure = await attempt(() => clearPhysicalVolume(lvm, path, signal), signal);
  report = await readReport(lvm, signal);
  return { report, ...(failure !== undefined && { progress: { phase: 'Blocked', leftBytes: 0, message: failure } }) };
};

const carryOut = (
  step: RemovalStep,
  { group, physicalVolume }: OwnPlace,
  { lvm, stalls, signal }: RemovalContext,
): Promise<string | undefined> =>
  attempt(async () => {
    if (step.kind === 'withhold') await withhold(lvm, physicalVolume, signal);
    if (step.kind === 'move' || step.kind === 'resume') {
      await startMove(lvm, physicalVolume, step.volume, signal);
      stalls.begun(physicalVolume);
    }
    if (step.kind === 'take-out') {
      await takeOut(lvm, group, physicalVolume, signal);
      await clearPhysicalVolume(lvm, physicalVolume.path, signal);
    }
  }, signal);

/** Why the work could not be done, as a sentence; undefined when it was. */
const attempt = async (work: () => Promise<void>, signal: AbortSignal): Promise<string | undefined> => {
  try {
    await work();
    return undefined;
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return toAppError(thrown).message;
  }
};
