import { MEDIA, type Medium } from '@berth/contract/medium';
import { formatBytes } from '@berth/contract/quantity';
import { neededBytes, unusedBytes } from './free-space.ts';
import type { HoldLedger } from './hold-ledger.ts';
import type { Demand, GroupState, NodeState, Pin } from './model.ts';

/** Everything about the pod that decides whether a node has room. */
export interface RoomQuestion {
  readonly demands: readonly Demand[];
  readonly pins: readonly Pin[];
  /** UIDs of the pod's own claims: what is held for them is theirs. */
  readonly ownClaims: ReadonlySet<string>;
}

/** Room on a node. */
export interface Room {
  /** Holds on every node they may still come to are counted, and there is room nevertheless. */
  readonly sure: boolean;
  /** By demand, in its order: the share of the medium that is left after placement, 0..1. */
  readonly left: readonly number[];
}

/**
 * Room for all demands of a pod together, or every reason against the node as a short sentence with numbers.
 * kube-scheduler puts these sentences into the pod's FailedScheduling event.
 */
export const roomOn = (node: NodeState, question: RoomQuestion, ledger: HoldLedger): Room | readonly string[] => {
  const elsewhere = question.pins.filter((pin) => pin.node !== node.name);
  if (elsewhere.length > 0) return elsewhere.map((pin) => `the volume of ${pin.claimKey} is on ${pin.node}`);
  if (question.demands.length === 0) return { sure: true, left: [] };
  if (node.out !== undefined) return [node.out];
  return weigh(node, question, ledger);
};

export const isRoom = (answer: Room | readonly string[]): answer is Room => !Array.isArray(answer);

const weigh = (node: NodeState, question: RoomQuestion, ledger: HoldLedger): Room | readonly string[] => {
  const reasons: string[] = [];
  const leftOf: Partial<Record<Medium, number>> = {};
  let sure = true;
  for (const medium of MEDIA) {
    if (!question.demands.some((demand) => demand.medium === medium)) continue;
    const group = node.groups[medium];
    if (group === undefined) {
      reasons.push(`${medium}: the node has no volume group of this medium`);
      continue;
    }
    const needed = neededBytes(question.demands, medium, group.extentSize);
    const held = ledger.held(node.name, group, question.ownClaims);
    const free = unusedBytes(group);
    if (needed > free - held.expected) reasons.push(shortage({ node, group, needed, free }, question, ledger));
    if (needed > free - held.atMost) sure = false;
    leftOf[medium] = share(free - held.expected - needed, group.size - group.reserve);
  }
  return reasons.length > 0 ? reasons : { sure, left: question.demands.map((demand) => leftOf[demand.medium] ?? 0) };
};

const share = (part: number, whole: number): number => (whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0);

interface Shortage {
  readonly node: NodeState;
  readonly group: GroupState;
  readonly needed: number;
  readonly free: number;
}

const shortage = ({ node, group, needed, free }: Shortage, question: RoomQuestion, ledger: HoldLedger): string => {
  const text = `${group.medium}: needs ${formatBytes(needed)}, ${formatBytes(free)} free of ${formatBytes(group.size)}`;
  const holds = [...ledger.onNode(node.name)].filter(
    (entry) => entry.node === node.name && entry.medium === group.medium && !question.ownClaims.has(entry.claimUid),
  );
  const [first] = holds;
  if (first === undefined) return text;
  const { expected } = ledger.held(node.name, group, question.ownClaims);
  const others = holds.length > 1 ? ` and ${holds.length - 1} more` : '';
  return `${text}; ${formatBytes(expected)} held for ${first.claimKey}${others}`;
};
