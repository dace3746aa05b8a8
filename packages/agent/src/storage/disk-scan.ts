import { toAppError } from '@berth/contract/errors';
import { volumeGroupName } from '@berth/contract/names';
import { formatQuantity } from '@berth/contract/quantity';
import type { DiskStatus } from '@berth/contract/resources/node-storage';
import type { Logger } from '@berth/runtime/logger';
import { judgeDisk } from '../disks/adoption.ts';
import { gatherFacts, readSwaps } from '../disks/adoption-facts.ts';
import type { IdentifiedDisk } from '../disks/identity.ts';
import { readDisks } from '../disks/inventory.ts';
import { decideMedium } from '../disks/medium.ts';
import type { MediumRule } from '../disks/medium-rules.ts';
import type { Host } from '../host/host.ts';
import type { Lvm } from '../lvm/command.ts';
import { findGrown, growPhysicalVolume } from '../lvm/physical-volume.ts';
import { physicalVolumeUuids } from '../lvm/physical-volume-uuid.ts';
import { type LvmReport, readReport } from '../lvm/report.ts';
import { type Mount, readAllMounts } from '../mount/mount-table.ts';
import { findPlace } from './disk-place.ts';
import { type Candidate, takeDisks } from './take-disks.ts';

export interface DiskScanOptions {
  readonly host: Host;
  readonly lvm: Lvm;
  readonly nodeName: string;
  readonly sysDir: string;
  readonly devDir: string;
  readonly procDir: string;
  readonly mediumRules: readonly MediumRule[];
  readonly logger: Logger;
}

/** What the disks are, and what LVM has of them. */
export interface DiskScan {
  readonly disks: DiskStatus[];
  readonly report: LvmReport;
}

/**
 * Looks at all disks of the node and takes those that may be taken into the volume group of their medium. Returns what each disk
 * is; a disk that can't be taken has the reason, and never keeps the others waiting.
 */
export const scanDisks = async (options: DiskScanOptions, signal: AbortSignal): Promise<DiskScan> => {
  const disks = (await readDisks({ ...options, signal })).filter(({ device }) => device.type === 'disk');
  const report = await readReport(options.lvm, signal);
  const mounts = await readAllMounts(options.procDir);
  const swaps = await readSwaps(options.procDir);
  const context = { ...options, disks, report, mounts, swaps, signal };
  const looks: Look[] = [];
  for (const disk of disks) looks.push(await lookAt(disk, context));
  const candidates = looks.flatMap(({ verdict }) => ('candidate' in verdict ? [verdict.candidate] : []));
  const reasons = await takeDisks(candidates, context);
  const statuses = looks.map(({ base, verdict }): DiskStatus => {
    if (!('candidate' in verdict)) return { ...base, ...verdict };
    const reason = reasons.get(verdict.candidate);
    if (reason !== undefined) return { ...base, state: 'Refused', reason };
    return { ...base, state: 'Adopted', volumeGroup: verdict.candidate.group };
  });
  const grown = await growDisks(context);
  const hasChanged = candidates.length > 0 || grown > 0;
  return { disks: statuses, report: hasChanged ? await readReport(options.lvm, signal) : report };
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
  readonly disks: readonly IdentifiedDisk[];
  readonly report: LvmReport;
  readonly mounts: readonly Mount[];
  readonly swaps: readonly string[];
  readonly signal: AbortSignal;
}

/** A disk, and what is known of it before its content is read. */
interface Look {
  readonly base: Omit<DiskStatus, 'state'>;
  readonly verdict: { readonly candidate: Candidate } | Pick<DiskStatus, 'state' | 'reason' | 'volumeGroup'>;
}

const lookAt = async (disk: IdentifiedDisk, context: Context): Promise<Look> => {
  const decision = decideMedium(disk.device, context.mediumRules);
  const base = describe(disk, decision.medium, decision.medium && decision.decidedBy);
  const refused = (reason: string): Look => ({ base, verdict: { state: 'Refused', reason: `not taken: ${reason}` } });
  const uuids = physicalVolumeUuids(context.nodeName, `${disk.identity.tier} ${disk.identity.value}`);
  const place = findPlace(disk.device, uuids, context.report);
  if (place.kind === 'ours') return { base, verdict: { state: 'Adopted', volumeGroup: place.group } };
  if (place.kind === 'foreign') return refused(place.reason);
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
