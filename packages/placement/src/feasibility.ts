import { type Footprint, footprintOf } from '@berth/contract/layout';
import { MEDIA, type Medium } from '@berth/contract/medium';
import { formatBytes } from '@berth/contract/quantity';
import { type DisksVerdict, judgeDisks } from './disks-verdict.ts';
import type { HoldLedger } from './hold-ledger.ts';
import type { Demand, GroupState, NodeState, Objection, Pin } from './model.ts';
import type { RackLimit } from './rack-limit.ts';
import type { Rooms } from './rooms.ts';

/** Everything about the pod that decides whether a node has room. */
export interface RoomQuestion {
  readonly demands: readonly Demand[];
  readonly pins: readonly Pin[];
  /** UIDs of the pod's own claims: what is held for them is theirs. */
  readonly ownClaims: ReadonlySet<string>;
  readonly rackLimit: RackLimit | undefined;
}

/** Adds a node that has room for all demands of a pod together; for any other, gives everything that speaks against it. */
export type RoomCheck = (node: NodeState, rooms: Rooms) => readonly Objection[] | undefined;

/**
 * The check of many nodes for one pod; what depends on the pod only is worked out once.
 * kube-scheduler puts the sentences into the pod's FailedScheduling event.
 */
export const createRoomCheck = (question: RoomQuestion, ledger: HoldLedger): RoomCheck => {
  const { pins, demands, rackLimit } = question;
  const asks = MEDIA.filter((medium) => demands.some((demand) => demand.medium === medium)).map((medium) =>
    askFor(medium, demands),
  );
  const concentrated = demands.filter((demand) => demand.policy === 'concentrated').length / demands.length;
  const others = MEDIA.filter((medium) => asks.every((ask) => ask.medium !== medium));
  const around: Circumstances = { question, ledger, asks, concentrated, others };
  /** Does as said, but where the node would not do anyway the room is not added. */
  const find = (node: NodeState, rooms: Rooms | undefined): readonly Objection[] | undefined => {
    const elsewhere = pins.length === 0 ? pins : pins.filter((pin) => pin.node !== node.name);
    if (elsewhere.length > 0)
      return elsewhere.map((pin) => ({ kind: 'pinned', text: `the volume of ${pin.claimKey} is on ${pin.node}` }));
    if (asks.length > 0 && node.out !== undefined)
      return [{ kind: node.unreported ? 'unreported' : 'node-out', text: node.out }];
    if (asks.length > 0) return weigh(node, rooms, around);
    rooms?.add(node, { sure: true, fit: 1, busy: 0 });
    return undefined;
  };
  return (node, rooms) => {
    const overRack = rackLimit?.(node);
    if (overRack === undefined) return find(node, rooms);
    return [...(find(node, undefined) ?? []), { kind: 'rack', text: overRack }];
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
  readonly asks: readonly Ask[];
  /** Share of all demands that want little to be left on the node. */
  readonly concentrated: number;
  /** Media that nothing is asked of. */
  readonly others: readonly Medium[];
}

const weigh = (node: NodeState, rooms: Rooms | undefined, around: Circumstances): readonly Objection[] | undefined => {
  let objections: Objection[] | undefined;
  let sure = true;
  let fit = 0;
  let busy = 0;
  let leftInAsked = 0;
  for (const ask of around.asks) {
    const group = node.groups[ask.medium];
    if (group === undefined || group.problem !== undefined) {
      objections = [...(objections ?? []), unusable(ask.medium, group)];
      continue;
    }
    const needed = ask.bytes(group.extentSize);
    const held = around.ledger.held(node.name, group, around.question.ownClaims);
    const free = group.unused;
    const left = free - held.expected - needed;
    const verdict = left < 0 ? shortage({ node, group, needed, free }, around) : disksVerdict(node, group, ask, around);
    if (verdict?.obstacle !== undefined) objections = [...(objections ?? []), { kind: 'room', text: verdict.obstacle }];
    sure &&= needed <= free - held.atMost && verdict?.sure !== false;
    const share = shareOf(left, group);
    fit += ask.spread * share;
    leftInAsked += share;
    busy = Math.max(busy, group.busy ?? 0);
  }
  if (objections !== undefined) return objections;
  const { concentrated } = around;
  if (concentrated > 0) fit += concentrated * (1 - (leftInAsked + leftInOthers(node, around)) / MEDIA.length);
  rooms?.add(node, { sure, fit, busy });
  return undefined;
};

/** Undefined where all volumes that count take any disks: then the sum alone decides. */
const disksVerdict = (
  node: NodeState,
  group: GroupState,
  ask: Ask,
  { ledger, question }: Circumstances,
): DisksVerdict | undefined => {
  const anyDisks = group.coming?.every(({ disks }) => disks === 1) ?? true;
  if (anyDisks && !ask.needsSeveralDisks && !ledger.needsSeveralDisks) return undefined;
  const own = ask.footprints(group.extentSize);
  const held = ledger.footprints(node.name, group, question.ownClaims);
  return judgeDisks({ group, demands: ask.demands, own, held });
};

const unusable = (medium: Medium, group: GroupState | undefined): Objection =>
  group === undefined
    ? { kind: 'no-group', text: `${medium}: the node has no volume group of this medium` }
    : { kind: 'group-problem', text: `${medium}: ${group.problem}` };

/**
 * Shares of the media that are not asked for. What is left of a node counts over all media alike, and a medium that it lacks leaves
 * nothing: counting only the media asked for would use up one medium of a node after another, and in the end no node would
 * have room in two media for the pods that need both (`npm run bench packing`).
 */
const leftInOthers = (node: NodeState, { ledger, question, others }: Circumstances): number => {
  let sum = 0;
  for (const medium of others) {
    const group = node.groups[medium];
    if (group === undefined || group.problem !== undefined) continue;
    const held = ledger.held(node.name, group, question.ownClaims).expected;
    sum += shareOf(group.unused - held, group);
  }
  return sum;
};

/** Of the room the group has for volumes, 0..1. */
const shareOf = (bytes: number, { usable }: GroupState): number =>
  usable > 0 ? Math.min(1, Math.max(0, bytes / usable)) : 0;

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
