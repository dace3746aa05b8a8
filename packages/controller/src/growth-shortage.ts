import { formatBytes, parseQuantity } from '@berth/contract/quantity';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { unusedBytes, wholeExtents } from '@berth/placement/free-space';
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

/** A sentence with the numbers when the node's report says that there is no room to grow; undefined when it does not. */
export const shortageOf = ({ group, logicalVolume, realBytes, target }: ShortageQuestion): string | undefined => {
  if (group === undefined) return undefined;
  const { nodeName, medium, size } = logicalVolume.spec;
  const counted = wholeExtents(Math.max(parseQuantity(size), realBytes), group.extentSize);
  const extra = wholeExtents(target, group.extentSize) - counted;
  const free = unusedBytes(group);
  if (extra <= free) return undefined;
  const numbers = `${formatBytes(extra)} more are needed, ${formatBytes(free)} of ${formatBytes(group.size)} are free`;
  return `node ${nodeName} has no room on its ${medium} disks: ${numbers}; ask for ${formatBytes(counted + free)} or less, or wait`;
};
