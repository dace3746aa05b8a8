import { describeLayout, type Footprint, footprintOf, growthOf, layoutOf } from '@berth/contract/layout';
import { formatBytes, parseQuantity } from '@berth/contract/quantity';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { countDisksWith, findCrowded } from '@berth/placement/disk-room';
import { largestFitting } from '@berth/placement/largest';
import type { GroupState } from '@berth/placement/model';

export interface ShortageQuestion {
  readonly logicalVolume: LogicalVolume;
  /** The volume group it is in, this volume counted with the larger of what it has and what it asks for. */
  readonly group: GroupState | undefined;
  /** Bytes on disk. */
  readonly realBytes: number;
  /** Bytes to grow to. */
  readonly target: number;
}

/**
 * A sentence with the numbers when the node's report says that there is no room to grow; undefined when it does not. Which disks
 * the volume lies on is not reported, so a raid1 volume, which stays on its two, may still be refused by the agent.
 */
export const shortageOf = ({ group, logicalVolume, realBytes, target }: ShortageQuestion): string | undefined => {
  if (group === undefined) return undefined;
  const { spec } = logicalVolume;
  const footprint = (bytes: number) => footprintOf(layoutOf(spec), bytes, group.extentSize);
  const counted = footprint(Math.max(parseQuantity(spec.size), realBytes));
  const obstacleTo = (bytes: number) => obstacle(growthOf(counted, footprint(bytes)), group, spec);
  const numbers = obstacleTo(target);
  if (numbers === undefined) return undefined;
  const bound = counted.sizeBytes + group.unused;
  const largest = largestFitting(bound, group.extentSize, (bytes) => obstacleTo(bytes) === undefined);
  const advice = `ask for ${formatBytes(Math.max(counted.sizeBytes, largest))} or less, or wait`;
  return `node ${spec.nodeName} has no room on its ${spec.medium} disks: ${numbers}; ${advice}`;
};

const obstacle = (growth: Footprint, group: GroupState, spec: LogicalVolume['spec']): string | undefined => {
  const { unused: free } = group;
  if (growth.takenBytes > free) {
    return `${formatBytes(growth.takenBytes)} more are needed, ${formatBytes(free)} of ${formatBytes(group.size)} are free`;
  }
  const { diskFree, coming = [], extentSize } = group;
  // An agent that does not tell them of its disks has the last word.
  if (diskFree === undefined || growth.takenBytes <= 0) return undefined;
  const crowded = findCrowded(diskFree, [growth, ...coming], extentSize);
  if (crowded === undefined) return undefined;
  const disks = `${crowded.disks} disks with ${formatBytes(crowded.diskBytes)}`;
  if (crowded !== growth) return `volumes that are still to be made need ${disks} free each, which growing could take`;
  const count = countDisksWith(diskFree, growth.diskBytes);
  return `a volume that is ${describeLayout(layoutOf(spec))} needs ${disks} more each, of ${diskFree.length} disks ${count} ${count === 1 ? 'has' : 'have'} that and no other volume is promised it`;
};
