import { formatQuantity } from '@berth/contract/quantity';
import type { DiskStatus, NodeStorageStatus, RemovalStatus } from '@berth/contract/resources/node-storage';
import type { PhysicalVolume } from '../../lvm/report.ts';

/** How far the removal of a disk is that is in one of our groups still. */
export interface RemovalProgress {
  readonly phase: 'Moving' | 'Blocked';
  /** Bytes on the disk still, see `leftBytes`. */
  readonly leftBytes: number;
  /** A sentence. */
  readonly message: string;
}

/** What volumes have on a physical volume still, rounded up to whole percents of it in whole extents. */
export const leftBytes = (pv: PhysicalVolume, extentBytes: number): number => {
  const step = Math.max(1, Math.ceil(pv.sizeBytes / 100 / extentBytes)) * extentBytes;
  const left = pv.usedBytes - (pv.move?.copiedBytes ?? 0);
  return Math.min(pv.usedBytes, Math.ceil(left / step) * step);
};

export interface RemovalFacts {
  /** Identities of the disks that an operator wants out, as asked for. */
  readonly leaving: readonly string[];
  /** By identity; of disks in our groups. */
  readonly progress: ReadonlyMap<string, RemovalProgress>;
  /** Missing ones too. */
  readonly disks: readonly DiskStatus[];
  readonly previous: NodeStorageStatus | undefined;
}

/** What to say of each disk that is to leave. Pure. */
export const buildRemovals = (facts: RemovalFacts): RemovalStatus[] =>
  [...new Set(facts.leaving)].map((disk) => ({ disk, ...describe(disk, facts) }));

const describe = (identity: string, { progress, disks, previous }: RemovalFacts): Omit<RemovalStatus, 'disk'> => {
  const ours = progress.get(identity);
  if (ours !== undefined) return { phase: ours.phase, left: formatQuantity(ours.leftBytes), message: ours.message };
  const disk = disks.find((each) => each.identity.value === identity);
  if (disk?.state === 'Removed') return { phase: 'Removed', message: 'the disk may be pulled' };
  if (disk?.state === 'HandedOver') {
    const message = `the volume group ${disk.volumeGroup} is handed over: nothing is moved in it; take the disk out with pvmove and vgreduce on the node`;
    return { phase: 'Blocked', message };
  }
  if (disk !== undefined) {
    return { phase: 'Blocked', message: disk.reason ?? `nothing was done: the disk is ${disk.state}` };
  }
  const before = previous?.removals?.find((removal) => removal.disk === identity);
  if (before?.phase === 'Removed') return { phase: 'Removed', message: 'the disk is not there any more' };
  return { phase: 'Blocked', message: 'no disk of the node has this identity' };
};
