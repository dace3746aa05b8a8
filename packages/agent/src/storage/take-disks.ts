import { toAppError } from '@berth/contract/errors';
import type { DiskStatus } from '@berth/contract/resources/node-storage';
import type { Logger } from '@berth/runtime/logger';
import { type AdoptionFacts, judgeDisk } from '../disks/adoption.ts';
import { probeContents } from '../disks/content-probe.ts';
import type { IdentifiedDisk } from '../disks/identity.ts';
import type { Host } from '../host/host.ts';
import type { Lvm } from '../lvm/command.ts';
import type { LvmReport } from '../lvm/report.ts';
import { addDisks } from '../lvm/volume-group.ts';

/** A disk that nothing known so far rules out. */
export interface Candidate {
  readonly disk: IdentifiedDisk;
  /** The group it is for; absent for a disk that is to leave, which is not taken. */
  readonly group?: string;
  readonly uuids: readonly string[];
  /** What is known of it but for its content; undefined for a physical volume of our own making, which needs no checks. */
  readonly facts: AdoptionFacts | undefined;
}

export interface TakeOptions {
  readonly host: Host;
  readonly lvm: Lvm;
  readonly report: LvmReport;
  readonly mode: 'adopt' | 'observe';
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** What became of a disk. */
export type DiskOutcome = Pick<DiskStatus, 'state' | 'reason' | 'volumeGroup'>;

/**
 * Reads the candidates' content and takes those that are blank into their groups, all of a group together. Returns what became
 * of each; when the agent only observes, none is taken.
 */
export const takeDisks = async (
  candidates: readonly Candidate[],
  options: TakeOptions,
): Promise<ReadonlyMap<Candidate, DiskOutcome>> => {
  const outcomes = await refuseByContent(candidates, options);
  const accepted = candidates.filter((candidate) => !outcomes.has(candidate));
  for (const group of new Set(accepted.map((candidate) => candidate.group))) {
    const members = accepted.filter((candidate) => candidate.group === group);
    const taken = await takeInto(group, members, options);
    for (const [index, outcome] of taken.entries()) {
      const member = members[index];
      if (member !== undefined) outcomes.set(member, outcome);
    }
  }
  return outcomes;
};

const REMOVED: DiskOutcome = { state: 'Removed', reason: 'not taken: it is to leave (spec.leaving); it may be pulled' };

/** The content is probed last, and only of disks that nothing else rules out: reading a disk takes time. */
const refuseByContent = async (
  candidates: readonly Candidate[],
  { host, signal }: TakeOptions,
): Promise<Map<Candidate, DiskOutcome>> => {
  const checked = candidates.flatMap((candidate) => (candidate.facts ? [{ candidate, facts: candidate.facts }] : []));
  const devices = checked.map(({ facts }) => facts.disk.device);
  const contents = await probeContents(host, devices, signal);
  const outcomes = new Map<Candidate, DiskOutcome>();
  const sectorBytes = new Map<string, number>();
  for (const [index, { candidate, facts }] of checked.entries()) {
    // In a group that is still to be made, the first disk decides; a disk that is to leave is in a group by itself.
    const group = candidate.group ?? facts.disk.device.path;
    const groupSectorBytes = facts.groupSectorBytes ?? sectorBytes.get(group);
    const verdict = judgeDisk({ ...facts, content: contents[index], groupSectorBytes });
    if (verdict === 'adopt') sectorBytes.set(group, facts.disk.device.sectorBytes);
    else outcomes.set(candidate, { state: 'Refused', reason: `not taken: ${verdict.reason}` });
  }
  return outcomes;
};

const takeInto = async (
  group: string | undefined,
  members: readonly Candidate[],
  options: TakeOptions,
): Promise<DiskOutcome[]> => {
  if (group === undefined) return members.map(() => REMOVED);
  return options.mode === 'observe' ? members.map(observe) : addToGroup(group, members, options);
};

const observe = ({ group }: Candidate): DiskOutcome => ({
  state: 'Available',
  reason: `not taken: the agent only observes; it would be taken into ${group}`,
});

const addToGroup = async (
  group: string,
  members: readonly Candidate[],
  { lvm, report, logger, signal }: TakeOptions,
): Promise<DiskOutcome[]> => {
  const disks = members.map(({ disk, uuids }) => ({ link: disk.link ?? disk.device.path, uuids }));
  const failures = await addDisks(lvm, { group, disks, report, signal }).catch((thrown: unknown) =>
    members.map(() => toAppError(thrown)),
  );
  return members.map(({ disk }, index) => {
    const err = failures[index];
    const fields = { disk: disk.identity.value, path: disk.device.path, group };
    if (err === undefined) {
      logger.info(fields, 'disk taken');
      return { state: 'Adopted', volumeGroup: group };
    }
    logger.error({ ...fields, err }, 'disk can not be taken');
    return { state: 'Refused', reason: `taking it into ${group} failed: ${err.message}` };
  });
};
