import { type Footprint, footprintOf } from '@berth/contract/layout';
import { MEDIA, type Medium } from '@berth/contract/medium';
import { formatBytes } from '@berth/contract/quantity';
import { type DisksVerdict, judgeDisks } from './disks-verdict.ts';
import { unusedBytes } from './free-space.ts';
import type { HoldLedger } from './hold-ledger.ts';
import type { Demand, GroupState, NodeState, Objection, Pin } from './model.ts';

/** Everything about the pod that decides whether a node has room. */
export interface RoomQuestion {
  readonly demands: readonly Demand[];
  readonly pins: readonly Pin[];
  /** UIDs of the pod's own claims: what is held for them is theirs. */
  readonly ownClaims: ReadonlySet<string>;
}

/** Room on a node. The only object that is made for each of thousands of nodes, so it also carries the score. */
export interface Room {
  readonly node: NodeState;
  /** Holds on every node they may still come to are counted, and there is room nevertheless. */
  readonly sure: boolean;
  /**
   * How well the room left after placement suits the policies, 0..1: for `spread`, much in the medium asked for; for
   * `concentrated`, little on the whole node.
   */
  readonly fit: number;
  /** How busy the disks asked for are, 0..1: those of the busiest medium. Not measured counts as idle. */
  readonly busy: number;
  /** 0..1. As `fit` until the rooms of all nodes are known and compared. */
  score: number;
}

/** Room for all demands of a pod together, or everything that speaks against the node. */
export type RoomCheck = (node: NodeState) => Room | readonly Objection[];

export const isRoom = (answer: Room | readonly Objection[]): answer is Room => !Array.isArray(answer);

/**
 * The check of many nodes for one pod; what depends on the pod only is worked out once.
 * kube-scheduler puts the sentences into the pod's FailedScheduling event.
 */
export const createRoomCheck = (question: RoomQuestion, ledger: HoldLedger): RoomCheck => {
  const { pins, demands } = question;
  const asks = MEDIA.filter((medium) => demands.some((demand) => demand.medium === medium)).map((medium) =>
    askFor(medium, demands),
  );
  const concentrated = demands.filter((demand) => demand.policy === 'concentrated').length / demands.length;
  const around: Circumstances = { question, ledger, concentrated };
  return (node) => {
    const elsewhere = pins.length === 0 ? pins : pins.filter((pin) => pin.node !== node.name);
    if (elsewhere.length > 0)
      return elsewhere.map((pin) => ({ kind: 'pinned', text: `the volume of ${pin.claimKey} is on ${pin.node}` }));
    if (asks.length === 0) return { node, sure: true, fit: 1, busy: 0, score: 1 };
    if (node.out !== undefined) return [{ kind: node.unreported ? 'unreported' : 'node-out', text: node.out }];
    return weigh(node, asks, around);
  };
};

/** All that is asked of one medium. */
interface Ask {
  readonly medium: Medium;
  readonly demands: readonly Demand[];
  /** Some of it needs several disks. */
  readonly needsSeveralDisks: boolean;
  bytes(extentSize: number): number;
  /** What each demand takes. */
  footprints(extentSize: number): readonly Footprint[];
  /** Share of all demands that want much to be left here. */
  readonly spread: number;
}

const askFor = (medium: Medium, all: readonly Demand[]): Ask => {
  const demands = all.filter((demand) => demand.medium === medium);
  const memo: { extentSize: number; bytes: number; footprints: readonly Footprint[] } = {
    ...{ extentSize: -1, bytes: 0, footprints: [] },
  };
  const workOut = (extentSize: number) => {
    if (extentSize === memo.extentSize) return memo;
    const footprints = demands.map(({ layout, bytes }) => footprintOf(layout, bytes, extentSize));
    const bytes = footprints.reduce((sum, { takenBytes }) => sum + takenBytes, 0);
    return Object.assign(memo, { extentSize, bytes, footprints });
  };
  return {
    medium,
    demands,
    needsSeveralDisks: demands.some(({ layout }) => layout.type !== 'linear'),
    spread: demands.filter((demand) => demand.policy === 'spread').length / all.length,
    bytes: (extentSize) => workOut(extentSize).bytes,
    footprints: (extentSize) => workOut(extentSize).footprints,
  };
};

interface Circumstances {
  readonly question: RoomQuestion;
  readonly ledger: HoldLedger;
  /** Share of all demands that want little to be left on the node. */
  readonly concentrated: number;
}

const weigh = (node: NodeState, asks: readonly Ask[], around: Circumstances): Room | readonly Objection[] => {
  let objections: Objection[] | undefined;
  let sure = true;
  let fit = 0;
  let busy = 0;
  for (const ask of asks) {
    const group = node.groups[ask.medium];
    if (group === undefined || group.problem !== undefined) {
      objections = [...(objections ?? []), unusable(ask.medium, group)];
      continue;
    }
    const needed = ask.bytes(group.extentSize);
    const held = around.ledger.held(node.name, group, around.question.ownClaims);
    const free = unusedBytes(group);
    const left = free - held.expected - needed;
    const verdict = left < 0 ? shortage({ node, group, needed, free }, around) : disksVerdict(node, group, ask, around);
    if (verdict?.obstacle !== undefined) objections = [...(objections ?? []), { kind: 'room', text: verdict.obstacle }];
    sure &&= needed <= free - held.atMost && verdict?.sure !== false;
    fit += ask.spread * shareOf(left, group);
    busy = Math.max(busy, group.busy ?? 0);
  }
  if (objections !== undefined) return objections;
  const { concentrated } = around;
  if (concentrated > 0) fit += concentrated * (1 - leftOver(node, asks, around));
  return { node, sure, fit, busy, score: fit };
};

/** Undefined where all volumes that count take any disks: then the sum alone decides. */
const disksVerdict = (
  node: NodeState,
  group: GroupState,
  ask: Ask,
  { ledger, question }: Circumstances,
): DisksVerdict | undefined => {
  const { coming = [] } = group;
  if (!ask.needsSeveralDisks && !ledger.needsSeveralDisks && coming.every(({ disks }) => disks === 1)) return undefined;
  const own = ask.footprints(group.extentSize);
  const held = ledger.footprints(node.name, group, question.ownClaims);
  return judgeDisks({ group, demands: ask.demands, own, held });
};

const unusable = (medium: Medium, group: GroupState | undefined): Objection =>
  group === undefined
    ? { kind: 'no-group', text: `${medium}: the node has no volume group of this medium` }
    : { kind: 'group-problem', text: `${medium}: ${group.problem}` };

/**
 * Share of the node's room that is left after placement, over all media alike; a medium that it lacks leaves nothing.
 * Counting only the media asked for would use up one medium of a node after another, and in the end no node would have
 * room in two media for the pods that need both (`npm run bench packing`).
 */
const leftOver = (node: NodeState, asks: readonly Ask[], { ledger, question }: Circumstances): number => {
  let sum = 0;
  for (const medium of MEDIA) {
    const group = node.groups[medium];
    if (group === undefined || group.problem !== undefined) continue;
    const needed = asks.find((ask) => ask.medium === medium)?.bytes(group.extentSize) ?? 0;
    const held = ledger.held(node.name, group, question.ownClaims).expected;
    sum += shareOf(unusedBytes(group) - held - needed, group);
  }
  return sum / MEDIA.length;
};

/** Of the room the group has for volumes, 0..1. */
const shareOf = (bytes: number, { size, reserve }: GroupState): number =>
  size > reserve ? Math.min(1, Math.max(0, bytes / (size - reserve))) : 0;

interface Shortage {
  readonly node: NodeState;
  readonly group: GroupState;
  readonly needed: number;
  readonly free: number;
}

const shortage = ({ node, group, needed, free }: Shortage, { question, ledger }: Circumstances): DisksVerdict => {
  const text = `${group.medium}: needs ${formatBytes(needed)}, ${formatBytes(free)} free of ${formatBytes(group.size)}`;
  const holds = [...ledger.onNode(node.name)].filter(
    (entry) => entry.node === node.name && entry.medium === group.medium && !question.ownClaims.has(entry.claimUid),
  );
  const [first] = holds;
  if (first === undefined) return { obstacle: text, sure: false };
  const { expected } = ledger.held(node.name, group, question.ownClaims);
  const others = holds.length > 1 ? ` and ${holds.length - 1} more` : '';
  return { obstacle: `${text}; ${formatBytes(expected)} held for ${first.claimKey}${others}`, sure: false };
};
