import { describeLayout, type Footprint } from '@berth/contract/layout';
import { formatBytes } from '@berth/contract/quantity';
import { countDisksWith, findCrowded } from './disk-room.ts';
import type { HeldFootprint } from './hold-ledger.ts';
import type { Demand, GroupState } from './model.ts';

export interface DisksQuestion {
  readonly group: GroupState;
  /** What a pod asks of the group, and in the same order what each takes. */
  readonly demands: readonly Demand[];
  readonly own: readonly Footprint[];
  /** What is held for others. */
  readonly held: readonly HeldFootprint[];
}

export interface DisksVerdict {
  /** Why the disks won't do, as a sentence with numbers. */
  readonly obstacle: string | undefined;
  /** They do also if all comes here that still may. */
  readonly sure: boolean;
}

/** Whether all volumes that need several disks find them: the pod's, those that are held for, and those that are being made. */
export const judgeDisks = (question: DisksQuestion): DisksVerdict => {
  const { group, demands, own, held } = question;
  const { diskFree, extentSize, coming = [], medium } = group;
  if (diskFree === undefined) {
    const needy = demands.find(({ layout }) => layout.type !== 'linear');
    const obstacle =
      needy &&
      `${medium}: ${describeLayout(needy.layout)} can't be judged, because the node's agent does not report what each disk has free; renew the agent`;
    return { obstacle, sure: true };
  }
  const crowdedBy = (others: readonly HeldFootprint[]) =>
    findCrowded(diskFree, [...own, ...coming, ...others.map(({ footprint }) => footprint)], extentSize);
  const expected = held.filter(({ isExpected }) => isExpected);
  const crowded = crowdedBy(expected);
  if (crowded !== undefined) return { obstacle: describeObstacle(question, crowded, diskFree), sure: false };
  return { obstacle: undefined, sure: expected.length === held.length || crowdedBy(held) === undefined };
};

const describeObstacle = (
  { group, demands, own }: DisksQuestion,
  crowded: Footprint,
  diskFree: readonly number[],
): string => {
  const disks = `${crowded.disks} disks with ${formatBytes(crowded.diskBytes)} free each`;
  const demand = demands[own.indexOf(crowded)];
  if (demand === undefined)
    return `${group.medium}: volumes that are still to be made need ${disks}, which this pod could take`;
  const count = countDisksWith(diskFree, crowded.diskBytes);
  const text = `${group.medium}: ${describeLayout(demand.layout)} needs ${disks}; of ${diskFree.length} disks ${count} ${count === 1 ? 'has' : 'have'} that`;
  return count < crowded.disks ? text : `${text}, but other volumes that are still to be made may take it`;
};
