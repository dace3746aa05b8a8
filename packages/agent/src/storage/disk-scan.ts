import { toAppError } from '@berth/contract/errors';
import { volumeGroupName } from '@berth/contract/names';
import { formatQuantity } from '@berth/contract/quantity';
import type { DiskStatus } from '@berth/contract/resources/node-storage';
import type { EventText } from '@berth/kube/event-recorder';
import type { Logger } from '@berth/runtime/logger';
import { judgeDisk } from '../disks/adoption.ts';
import { failureOf } from '../health/disk-health.ts';
import { findGrown, growPhysicalVolume } from '../lvm/physical-volume.ts';
import { type LvmReport, readReport } from '../lvm/report.ts';
import { type Survey, type SurveyBackground, type SurveyedDisk, type SurveyOptions, surveyDisks } from './survey.ts';
import { type Candidate, type DiskOutcome, takeDisks } from './take-disks.ts';
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
  /** What became of the operator's requests. */
  readonly events: readonly EventText[];
}

/** What a look at the disks is for. */
export interface ScanRequest extends SurveyBackground {
  /** Identities of the disks that an operator wants wiped. */
  readonly wipe: readonly string[];
}

interface Context extends DiskScanOptions {
  readonly request: ScanRequest;
  readonly survey: Survey;
  readonly signal: AbortSignal;
}

/**
 * Looks at all disks of the node, wipes those that are asked for, and takes those that may be taken into the volume group of their
 * medium. Returns what each disk is; a disk that can't be taken has the reason, and never keeps the others waiting.
 */
export const scanDisks = async (
  options: DiskScanOptions,
  request: ScanRequest,
  signal: AbortSignal,
): Promise<DiskScan> => {
  const look = async (): Promise<Context> => {
    const survey = await surveyDisks(options, request, signal);
    return { ...options, request, survey, signal };
  };
  const before = await look();
  if (options.mode === 'observe') {
    const events = request.wipe.map((identity) => refuseToWipe(identity, 'the agent only observes (setting mode)'));
    return { disks: (await settle(before)).disks, report: before.survey.report, events };
  }
  const events = await wipeDisks(request.wipe, before);
  const context = events.length === 0 ? before : await look();
  const { disks, hasChanged } = await settle(context);
  const grown = await growDisks(context);
  const report = hasChanged || grown > 0 ? await readReport(options.lvm, signal) : context.survey.report;
  return { disks, report, events };
};

const settle = async (context: Context): Promise<{ disks: DiskStatus[]; hasChanged: boolean }> => {
  const judged: { readonly disk: SurveyedDisk; readonly verdict: Verdict }[] = [];
  for (const disk of context.survey.disks) judged.push({ disk, verdict: await judge(disk, context) });
  const candidates = judged.flatMap(({ verdict }) => ('candidate' in verdict ? [verdict.candidate] : []));
  const outcomes = await takeDisks(candidates, { ...context, report: context.survey.report });
  const disks = judged.map(
    ({ disk, verdict }): DiskStatus => ({
      ...describe(disk),
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

/** What becomes of a disk as far as it is known before its content is read. */
type Verdict = { readonly candidate: Candidate } | DiskOutcome;

const judge = async (disk: SurveyedDisk, { survey, volumeGroups, request }: Context): Promise<Verdict> => {
  const { place, medium: decision, uuids } = disk;
  if (place.kind === 'ours') return { state: 'Adopted', volumeGroup: place.group };
  if (place.kind === 'handed-over') return { state: 'HandedOver', volumeGroup: place.group };
  if (place.kind === 'foreign' || place.kind === 'leftover') return refused(place.reason);
  if (decision.medium === undefined) return refused(decision.reason);
  const theirs = volumeGroups[decision.medium];
  if (theirs !== undefined) return refused(`the setting volumeGroups hands over ${theirs} for ${decision.medium}`);
  const told = request.previous?.disks?.find(({ identity }) => identity.value === disk.identity.value);
  if (told?.health?.state === 'Failing') return refused(`it is failing: ${failureOf(told)}`);

  const group = volumeGroupName(decision.medium);
  if (place.kind === 'prepared') return { candidate: { disk, group, uuids, facts: undefined } };
  const facts = await survey.factsOf(disk, sectorBytesOf(group, survey));
  const adoption = judgeDisk(facts);
  return adoption === 'adopt' ? { candidate: { disk, group, uuids, facts } } : refused(adoption.reason);
};

const refused = (reason: string): DiskOutcome => ({ state: 'Refused', reason: `not taken: ${reason}` });

const sectorBytesOf = (group: string, { disks, report }: Survey): number | undefined => {
  const paths = report.groups.find(({ name }) => name === group)?.physicalVolumes.map(({ path }) => path) ?? [];
  return disks.find(({ device }) => paths.includes(device.path))?.device.sectorBytes;
};

const describe = ({ device, identity, slot, medium }: SurveyedDisk): Omit<DiskStatus, 'state'> => ({
  identity,
  path: device.path,
  size: formatQuantity(device.sizeBytes),
  sectorSize: device.sectorBytes,
  ...(slot !== undefined && { slot }),
  ...(device.model !== undefined && { model: device.model }),
  ...(medium.medium !== undefined && { medium: medium.medium, mediumDecidedBy: medium.decidedBy }),
});
