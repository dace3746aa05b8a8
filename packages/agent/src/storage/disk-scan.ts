import { toAppError } from '@berth/contract/errors';
import type { DiskStatus } from '@berth/contract/resources/node-storage';
import type { EventText } from '@berth/kube/event-recorder';
import type { Logger } from '@berth/runtime/logger';
import { findGrown, growPhysicalVolume } from '../lvm/physical-volume.ts';
import { type LvmReport, readReport } from '../lvm/report.ts';
import { describeDisk, judgeBeforeContent, type Verdict } from './disk-verdict.ts';
import type { AdvanceRemovals } from './removal/advance.ts';
import type { RemovalProgress } from './removal/removal-status.ts';
import {
  forgetContents,
  type Survey,
  type SurveyBackground,
  type SurveyedDisk,
  type SurveyOptions,
  surveyDisks,
} from './survey.ts';
import { takeDisks } from './take-disks.ts';
import { refuseToWipe, wipeDisks } from './wipe-disks.ts';

export interface DiskScanOptions extends SurveyOptions {
  /** Whether disks are taken, or only looked at. */
  readonly mode: 'adopt' | 'observe';
  readonly logger: Logger;
}

/** What the disks are, and what LVM has of them. */
export interface DiskScan {
  readonly disks: DiskStatus[];
  readonly report: LvmReport;
  /** Of the disks in our groups that are to leave, by identity. */
  readonly progress: ReadonlyMap<string, RemovalProgress>;
  /** What became of the operator's requests. */
  readonly events: readonly EventText[];
}

/** What a look at the disks is for. */
export interface ScanRequest extends SurveyBackground {
  /** Identities of the disks that an operator wants wiped. */
  readonly wipe: readonly string[];
  /** Identities of the disks that an operator wants out. */
  readonly leaving: readonly string[];
}

/** What a scan is made with. */
export interface DiskScanParts extends DiskScanOptions {
  readonly advanceRemovals: AdvanceRemovals;
}

interface Context extends DiskScanOptions {
  readonly request: ScanRequest;
  readonly survey: Survey;
  readonly signal: AbortSignal;
}

/**
 * Looks at all disks of the node, wipes those that are asked for, goes on with those that are to leave, and takes those that may be
 * taken into the volume group of their medium. Returns what each disk is; a disk that can't be taken has the reason, and never
 * keeps the others waiting.
 */
export const scanDisks = async (
  options: DiskScanParts,
  request: ScanRequest,
  signal: AbortSignal,
): Promise<DiskScan> => {
  const look = async (): Promise<Context> => {
    const survey = await surveyDisks(options, request, signal);
    return { ...options, request, survey, signal };
  };
  const advance = ({ survey }: Context) => options.advanceRemovals(request.leaving, { ...options, ...survey, signal });
  const before = await look();
  if (options.mode === 'observe') {
    const events = request.wipe.map((identity) => refuseToWipe(identity, 'the agent only observes (setting mode)'));
    const { progress } = await advance(before);
    return { disks: (await settle(before)).disks, report: before.survey.report, progress, events };
  }
  const events = await wipeDisks(request.wipe, before);
  const wiped = events.length === 0 ? before : await look();
  const { progress, report: left } = await advance(wiped);
  const hasFreed = countPhysicalVolumes(left) < countPhysicalVolumes(wiped.survey.report);
  if (hasFreed) await forgetContents(request.leaving, wiped);
  const context = hasFreed ? await look() : { ...wiped, survey: { ...wiped.survey, report: left } };
  const { disks, hasChanged } = await settle(context);
  const grown = await growDisks(context);
  const report = hasChanged || grown > 0 ? await readReport(options.lvm, signal) : context.survey.report;
  return { disks, report, progress, events };
};

const countPhysicalVolumes = ({ groups, orphans }: LvmReport): number =>
  groups.reduce((sum, { physicalVolumes }) => sum + physicalVolumes.length, orphans.length);

const settle = async (context: Context): Promise<{ disks: DiskStatus[]; hasChanged: boolean }> => {
  const judged: { readonly disk: SurveyedDisk; readonly verdict: Verdict }[] = [];
  const background = { ...context.request, ...context };
  for (const disk of context.survey.disks) judged.push({ disk, verdict: await judgeBeforeContent(disk, background) });
  const candidates = judged.flatMap(({ verdict }) => ('candidate' in verdict ? [verdict.candidate] : []));
  const outcomes = await takeDisks(candidates, { ...context, report: context.survey.report });
  const disks = judged.map(
    ({ disk, verdict }): DiskStatus => ({
      ...describeDisk(disk),
      ...('candidate' in verdict ? (outcomes.get(verdict.candidate) ?? { state: 'Refused' }) : verdict),
    }),
  );
  return { disks, hasChanged: candidates.length > 0 };
};

/** Gives our groups the room of disks that have grown. Returns how many have. */
const growDisks = async ({ lvm, survey, logger, signal }: Context): Promise<number> => {
  const grown = findGrown(survey.report);
  for (const pv of grown) {
    const fields = { path: pv.path, bytes: pv.surplusBytes };
    try {
      await growPhysicalVolume(lvm, pv, signal);
      logger.info(fields, 'disk has grown');
    } catch (thrown) {
      logger.error({ ...fields, err: toAppError(thrown) }, 'the room of a grown disk can not be used');
    }
  }
  return grown.length;
};
