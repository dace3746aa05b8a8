import type { EventText } from '@berth/kube/event-recorder';
import { findWipeObstacle } from '../disks/adoption.ts';
import { gatherFacts } from '../disks/adoption-facts.ts';
import type { IdentifiedDisk } from '../disks/identity.ts';
import type { Host } from '../host/host.ts';
import type { Lvm } from '../lvm/command.ts';
import { physicalVolumeUuids } from '../lvm/physical-volume-uuid.ts';
import type { LvmReport } from '../lvm/report.ts';
import type { Mount } from '../mount/mount-table.ts';
import { findPlace } from './disk-place.ts';

export interface WipeContext {
  readonly host: Host;
  readonly lvm: Lvm;
  readonly nodeName: string;
  readonly sysDir: string;
  readonly devDir: string;
  readonly disks: readonly IdentifiedDisk[];
  readonly report: LvmReport;
  readonly mounts: readonly Mount[];
  readonly swaps: readonly string[];
  readonly signal: AbortSignal;
}

const WIPE_MS = 120_000;
const SETTLE_MS = 30_000;

/**
 * Wipes the signatures of disks that an operator has named by their identities, unless somebody uses them. Returns for each request
 * what became of it.
 */
export const wipeDisks = async (identities: readonly string[], context: WipeContext): Promise<EventText[]> => {
  const events: EventText[] = [];
  for (const identity of identities) {
    const obstacle = await wipe(identity, context);
    events.push(
      obstacle === undefined
        ? { type: 'Normal', reason: 'DiskWiped', message: `the disk ${identity} was wiped as asked for` }
        : { type: 'Warning', reason: 'WipeRefused', message: `the disk ${identity} was not wiped: ${obstacle}` },
    );
  }
  if (events.some(({ reason }) => reason === 'DiskWiped')) await forgetContent(context);
  return events;
};

const wipe = async (identity: string, context: WipeContext): Promise<string | undefined> => {
  const disk = context.disks.find((each) => each.identity.tier !== 'none' && each.identity.value === identity);
  if (disk?.link === undefined) return 'no disk of the node has this identity';
  const uuids = physicalVolumeUuids(context.nodeName, `${disk.identity.tier} ${disk.identity.value}`);
  const place = findPlace(disk.device, uuids, context.report);
  if (place.kind === 'ours') return `it belongs to our volume group ${place.group}`;
  if (place.kind === 'foreign') return place.reason;
  const obstacle = findWipeObstacle(await gatherFacts(disk, { ...context, groupSectorBytes: undefined }));
  if (obstacle !== undefined) return obstacle;
  // Without --force: wipefs itself opens the disk for itself alone, and gives up when it can't.
  const result = await context.host.run(['wipefs', '--all', disk.link], { timeoutMs: WIPE_MS, signal: context.signal });
  return result.exitCode === 0 ? undefined : `wipefs failed with exit code ${result.exitCode}: ${result.stderr.trim()}`;
};

/** LVM, and udev whom lsblk asks, still remember what was on the disks. */
const forgetContent = async ({ host, lvm, signal }: WipeContext): Promise<void> => {
  lvm.forgetReport();
  await host.run(['udevadm', 'settle', '--timeout=20'], { timeoutMs: SETTLE_MS, signal });
};
