import { toAppError } from '@berth/contract/errors';
import { volumeGroupName } from '@berth/contract/names';
import { formatQuantity } from '@berth/contract/quantity';
import type { DiskStatus } from '@berth/contract/resources/node-storage';
import type { Logger } from '@berth/runtime/logger';
import { judgeDisk } from '../disks/adoption.ts';
import { gatherFacts, withContent } from '../disks/adoption-facts.ts';
import type { IdentifiedDisk } from '../disks/identity.ts';
import { readDisks } from '../disks/inventory.ts';
import { decideMedium } from '../disks/medium.ts';
import type { MediumRule } from '../disks/medium-rules.ts';
import type { Host } from '../host/host.ts';
import type { Lvm } from '../lvm/command.ts';
import { physicalVolumeUuids } from '../lvm/physical-volume-uuid.ts';
import { type LvmReport, readReport } from '../lvm/report.ts';
import { addDisk } from '../lvm/volume-group.ts';
import { type Mount, readAllMounts } from '../mount/mount-table.ts';
import { findPlace } from './disk-place.ts';

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

/**
 * Looks at all disks of the node and takes those that may be taken into the volume group of their medium. Returns what each disk
 * is; a disk that can't be taken has the reason, and never keeps the others waiting.
 */
export const scanDisks = async (options: DiskScanOptions, signal: AbortSignal): Promise<DiskStatus[]> => {
  const disks = (await readDisks({ ...options, signal })).filter(({ device }) => device.type === 'disk');
  const report = await readReport(options.lvm, signal);
  const mounts = await readAllMounts(options.procDir);
  const statuses: DiskStatus[] = [];
  for (const disk of disks) statuses.push(await settleDisk(disk, { ...options, disks, report, mounts, signal }));
  return statuses;
};

interface Context extends DiskScanOptions {
  readonly disks: readonly IdentifiedDisk[];
  readonly report: LvmReport;
  readonly mounts: readonly Mount[];
  readonly signal: AbortSignal;
}

const settleDisk = async (disk: IdentifiedDisk, context: Context): Promise<DiskStatus> => {
  const decision = decideMedium(disk.device, context.mediumRules);
  const base = describe(disk, decision.medium, decision.medium && decision.decidedBy);
  const uuids = physicalVolumeUuids(context.nodeName, `${disk.identity.tier} ${disk.identity.value}`);
  const place = findPlace(disk.device, uuids, context.report);
  if (place.kind === 'ours') return { ...base, state: 'Adopted', volumeGroup: place.group };
  if (place.kind === 'foreign') return { ...base, state: 'Refused', reason: `not taken: ${place.reason}` };
  if (decision.medium === undefined) return { ...base, state: 'Refused', reason: `not taken: ${decision.reason}` };

  const group = volumeGroupName(decision.medium);
  try {
    if (place.kind === 'free') {
      const refusal = await findRefusal(disk, group, context);
      if (refusal !== undefined) return { ...base, state: 'Refused', reason: `not taken: ${refusal}` };
    }
    await addDisk(context.lvm, { group, link: disk.link ?? disk.device.path, uuids, signal: context.signal });
    context.logger.info({ disk: disk.identity.value, path: disk.device.path, group }, 'disk taken');
    return { ...base, state: 'Adopted', volumeGroup: group };
  } catch (thrown) {
    const err = toAppError(thrown);
    context.logger.error({ err, disk: disk.identity.value, path: disk.device.path, group }, 'disk can not be taken');
    return { ...base, state: 'Refused', reason: `taking it into ${group} failed: ${err.message}` };
  }
};

/** The content is probed last, and only of disks that nothing else rules out: reading a disk takes time. */
const findRefusal = async (disk: IdentifiedDisk, group: string, context: Context): Promise<string | undefined> => {
  const facts = await gatherFacts(disk, { ...context, groupSectorBytes: sectorBytesOf(group, context) });
  const first = judgeDisk(facts);
  if (first !== 'adopt') return first.reason;
  const second = judgeDisk(await withContent(facts, context));
  return second === 'adopt' ? undefined : second.reason;
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
