import { volumeGroupName } from '@berth/contract/names';
import { formatQuantity } from '@berth/contract/quantity';
import type { DiskStatus, NodeStorageStatus } from '@berth/contract/resources/node-storage';
import { judgeDisk, PENDING } from '../disks/adoption.ts';
import { failureOf } from '../health/disk-health.ts';
import type { Survey, SurveyedDisk } from './survey.ts';
import type { Candidate, DiskOutcome } from './take-disks.ts';
import type { VolumeGroups } from './volume-groups.ts';

export interface VerdictContext {
  readonly survey: Survey;
  readonly volumeGroups: VolumeGroups;
  /** What the node said last. */
  readonly previous: NodeStorageStatus | undefined;
  /** Identities of the disks that an operator wants out. */
  readonly leaving: readonly string[];
}

/** What becomes of a disk as far as it is known before its content is read. */
export type Verdict = { readonly candidate: Candidate } | DiskOutcome;

/** Judges a disk by everything but its content. */
export const judgeBeforeContent = async (disk: SurveyedDisk, context: VerdictContext): Promise<Verdict> => {
  const { place, identity } = disk;
  if (place.kind === 'ours') return { state: 'Adopted', volumeGroup: place.group.name };
  if (place.kind === 'handed-over') return { state: 'HandedOver', volumeGroup: place.group.name };
  if (disk.device.pending) return refused(PENDING);
  if (place.kind === 'foreign' || place.kind === 'leftover') return refused(place.reason);
  const isLeaving = identity.tier !== 'none' && context.leaving.includes(identity.value);
  return isLeaving ? judgeLeaving(disk, context) : judgeForGroup(disk, context);
};

/** It is none to take, whatever it is made of: its content tells whether it may be pulled. */
const judgeLeaving = async (disk: SurveyedDisk, { survey }: VerdictContext): Promise<Verdict> =>
  disk.place.kind === 'prepared'
    ? refused('it is to leave, and still a physical volume')
    : judgeFacts(disk, undefined, survey);

const judgeForGroup = async (
  disk: SurveyedDisk,
  { survey, volumeGroups, previous }: VerdictContext,
): Promise<Verdict> => {
  const { place, medium: decision, uuids } = disk;
  if (decision.medium === undefined) return refused(decision.reason);
  const theirs = volumeGroups[decision.medium];
  if (theirs !== undefined) return refused(`the setting volumeGroups hands over ${theirs} for ${decision.medium}`);
  const told = previous?.disks?.find(({ identity }) => identity.value === disk.identity.value);
  if (told?.health?.state === 'Failing') return refused(`it is failing: ${failureOf(told)}`);

  const group = volumeGroupName(decision.medium);
  if (place.kind === 'prepared') return { candidate: { disk, group, uuids, facts: undefined } };
  return judgeFacts(disk, group, survey);
};

const judgeFacts = async (disk: SurveyedDisk, group: string | undefined, survey: Survey): Promise<Verdict> => {
  const facts = await survey.factsOf(disk, sectorBytesOf(group, survey));
  const adoption = judgeDisk(facts);
  if (adoption !== 'adopt') return refused(adoption.reason);
  return { candidate: { disk, uuids: disk.uuids, facts, ...(group !== undefined && { group }) } };
};

const refused = (reason: string): DiskOutcome => ({ state: 'Refused', reason: `not taken: ${reason}` });

const sectorBytesOf = (group: string | undefined, { disks, report }: Survey): number | undefined => {
  const paths = report.groups.find(({ name }) => name === group)?.physicalVolumes.map(({ path }) => path) ?? [];
  return disks.find(({ device }) => paths.includes(device.path))?.device.sectorBytes;
};

/** What is told of a disk whatever becomes of it. */
export const describeDisk = ({ device, identity, slot, medium }: SurveyedDisk): Omit<DiskStatus, 'state'> => ({
  identity,
  path: device.path,
  size: formatQuantity(device.sizeBytes),
  sectorSize: device.sectorBytes,
  ...(slot !== undefined && { slot }),
  ...(device.model !== undefined && { model: device.model }),
  ...(medium.medium !== undefined && { medium: medium.medium, mediumDecidedBy: medium.decidedBy }),
});
