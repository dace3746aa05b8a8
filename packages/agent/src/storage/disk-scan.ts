import { toAppError } from '@berth/contract/errors';
import { volumeGroupName } from '@berth/contract/names';
import { formatQuantity } from '@berth/contract/quantity';
import type { DiskStatus } from '@berth/contract/resources/node-storage';
import type { EventText } from '@berth/kube/event-recorder';
import type { Logger } from '@berth/runtime/logger';
import { judgeDisk } from '../disks/adoption.ts';
import { gatherFacts, readSwaps } from '../disks/adoption-facts.ts';
import type { IdentifiedDisk } from '../disks/identity.ts';
import { readDisks } from '../disks/inventory.ts';
import { decideMedium } from '../disks/medium.ts';
import type { Labels, MediumRule } from '../disks/medium-rules.ts';
import type { Host } from '../host/host.ts';
import type { Lvm } from '../lvm/command.ts';
import { findGrown, growPhysicalVolume } from '../lvm/physical-volume.ts';
import { physicalVolumeUuids } from '../lvm/physical-volume-uuid.ts';
import { type LvmReport, readReport } from '../lvm/report.ts';
import { type Mount, readAllMounts } from '../mount/mount-table.ts';
import { findPlace } from './disk-place.ts';
import { type Candidate, type DiskOutcome, takeDisks } from './take-disks.ts';
import { wipeDisks } from './wipe-disks.ts';

export interface DiskScanOptions {
  readonly host: Host;
  readonly lvm: Lvm;
  readonly nodeName: string;
  readonly sysDir: string;
  readonly devDir: string;
  readonly procDir: string;
  readonly mediumRules: readonly MediumRule[];
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
export interface ScanRequest {
  /** Identities of the disks that an operator wants wiped. */
  readonly wipe: readonly string[];
  /** Labels of the node, where a rule asks for them. */
  readonly nodeLabels: Labels;
}

/**
 * Looks at all disks of the node, wipes those that are asked for, and takes those that may be taken into the volume group of their
 * medium. Returns what each disk is; a disk that can't be taken has the reason, and never keeps the others waiting.
 */
export const scanDisks = async (
  options: DiskScanOptions,
  { wipe, nodeLabels }: ScanRequest,
  signal: AbortSignal,
): Promise<DiskScan> => {
  const before = await inspect({ ...options, nodeLabels }, signal);
  if (options.mode === 'observe') {
    const { disks } = await settle(before);
    return { disks, report: before.report, events: wipe.map(refuseToWipe) };
  }
  const events = await wipeDisks(wipe, before);
  const context = events.length === 0 ? before : await inspect({ ...options, nodeLabels }, signal);
  const { disks, hasChanged } = await settle(context);
  const grown = await growDisks(context);
  const report = hasChanged || grown > 0 ? await readReport(options.lvm, signal) : context.report;
  return { disks, report, events };
};

const refuseToWipe = (identity: string): EventText => ({
  type: 'Warning',
  reason: 'WipeRefused',
  message: `the disk ${identity} was not wiped: the agent only observes (setting mode)`,
});

const inspect = async (
  options: DiskScanOptions & Pick<Context, 'nodeLabels'>,
  signal: AbortSignal,
): Promise<Context> => ({
  ...options,
  disks: (await readDisks({ ...options, signal })).filter(({ device }) => device.type === 'disk'),
  report: await readReport(options.lvm, signal),
  mounts: await readAllMounts(options.procDir),
  swaps: await readSwaps(options.procDir),
  signal,
});

const settle = async (context: Context): Promise<{ disks: DiskStatus[]; hasChanged: boolean }> => {
  const looks: Look[] = [];
  for (const disk of context.disks) looks.push(await lookAt(disk, context));
  const candidates = looks.flatMap(({ verdict }) => ('candidate' in verdict ? [verdict.candidate] : []));
  const outcomes = await takeDisks(candidates, context);
  const disks = looks.map(
    ({ base, verdict }): DiskStatus => ({
      ...base,
      ...('candidate' in verdict ? (outcomes.get(verdict.candidate) ?? { state: 'Refused' }) : verdict),
    }),
  );
  return { disks, hasChanged: candidates.length > 0 };
};

/** Gives our groups the room of disks that have grown. Returns how many have. */
const growDisks = async ({ lvm, report, logger, signal }: Context): Promise<number> => {
  const grown = findGrown(report);
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

interface Context extends DiskScanOptions {
  readonly nodeLabels: Labels;
  readonly disks: readonly IdentifiedDisk[];
  readonly report: LvmReport;
  readonly mounts: readonly Mount[];
  readonly swaps: readonly string[];
  readonly signal: AbortSignal;
}

/** A disk, and what is known of it before its content is read. */
interface Look {
  readonly base: Omit<DiskStatus, 'state'>;
  readonly verdict: { readonly candidate: Candidate } | DiskOutcome;
}

const lookAt = async (disk: IdentifiedDisk, context: Context): Promise<Look> => {
  const decision = decideMedium(disk.device, context.mediumRules, context.nodeLabels);
  const base = describe(disk, decision.medium, decision.medium && decision.decidedBy);
  const refused = (reason: string): Look => ({ base, verdict: { state: 'Refused', reason: `not taken: ${reason}` } });
  const uuids = physicalVolumeUuids(context.nodeName, `${disk.identity.tier} ${disk.identity.value}`);
  const place = findPlace(disk.device, uuids, context.report);
  if (place.kind === 'ours') return { base, verdict: { state: 'Adopted', volumeGroup: place.group } };
  if (place.kind === 'foreign' || place.kind === 'leftover') return refused(place.reason);
  if (decision.medium === undefined) return refused(decision.reason);

  const group = volumeGroupName(decision.medium);
  if (place.kind === 'prepared') return { base, verdict: { candidate: { disk, group, uuids, facts: undefined } } };
  const facts = await gatherFacts(disk, { ...context, groupSectorBytes: sectorBytesOf(group, context) });
  const verdict = judgeDisk(facts);
  return verdict === 'adopt'
    ? { base, verdict: { candidate: { disk, group, uuids, facts } } }
    : refused(verdict.reason);
};

const sectorBytesOf = (group: string, { disks, report }: Context): number | undefined => {
  const paths = report.groups.find(({ name }) => name === group)?.physicalVolumes.map(({ path }) => path) ?? [];
  return disks.find(({ device }) => paths.includes(device.path))?.device.sectorBytes;
};

const describe = (
  { device, identity, slot }: IdentifiedDisk,
  medium: DiskStatus['medium'],
  mediumDecidedBy: string | undefined,
): Omit<DiskStatus, 'state'> => ({
  identity,
  path: device.path,
  size: formatQuantity(device.sizeBytes),
  sectorSize: device.sectorBytes,
  ...(slot !== undefined && { slot }),
  ...(device.model !== undefined && { model: device.model }),
  ...(medium !== undefined && { medium }),
  ...(mediumDecidedBy !== undefined && { mediumDecidedBy }),
});
