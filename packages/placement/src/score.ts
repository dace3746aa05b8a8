import { type MemberCounts, rackKey } from './members.ts';
import type { NodeState } from './model.ts';
import type { Rooms } from './rooms.ts';

/** How much each part of the score counts, relative to the others; zero or more. */
export interface Weights {
  /** Few members of the same application cluster and role in the node's rack. */
  readonly rack: number;
  /** Few of them on the node's host. */
  readonly host: number;
  /** Room left after placement: much (`spread`) or little (`concentrated`). */
  readonly room: number;
  /** Disks of the medium with little to do. */
  readonly load: number;
}

/**
 * Rack before host before room before load: losing a rack must not cost two members where it could cost one, and what disks
 * do now says less about a volume that stays for years than how many share them.
 */
export const DEFAULT_WEIGHTS: Weights = { rack: 5, host: 3, room: 2, load: 1 };

/** The greatest score an extender may give (MaxExtenderPriority in k8s.io/kube-scheduler/extender/v1). */
export const MAX_SCORE = 10;

export interface ScoreQuestion {
  /** Undefined when the pod belongs to no application: racks and hosts then say nothing. */
  readonly counts: MemberCounts | undefined;
  readonly weights: Weights;
  /** Nodes that come last, whatever else speaks for them: data that the application has given up is still there. */
  readonly leftovers: ReadonlySet<string>;
}

/**
 * Makes the score of each room as it would be after placement, 0 (worst) to 1 (best). Racks and hosts are compared
 * among the rooms: the one with the fewest members gets 1, the one with the most 0, and all get 1 when equal. What
 * tells no room from another has no weight: racks and hosts of a pod without an application, disks that are all
 * idle or not measured. Where there are leftovers anywhere, nodes with some share the lower half of the
 * scale: such a node may only just be back, and its disks have the old data to remove.
 */
export const createScore = (rooms: Rooms, question: ScoreQuestion): Score => {
  const { leftovers } = question;
  const merit = createMerit(rooms, question);
  if (leftovers.size === 0) return merit;
  return (row) => (merit(row) + (leftovers.has(rooms.nodes[row]?.name ?? '') ? 0 : 1)) / 2;
};

/** Of the room in a row. */
type Score = (row: number) => number;

const createMerit = (rooms: Rooms, { counts, weights }: ScoreQuestion): Score => {
  const load = rooms.isAnyBusy ? weights.load : 0;
  const own = weights.room + load;
  const ofNode: Score = (row) => weights.room * rooms.fit(row) + load * (1 - rooms.busy(row));
  const fit: Score = (row) => rooms.fit(row);
  if (counts === undefined) return load > 0 ? (row) => ofNode(row) / own : fit;
  const total = weights.rack + weights.host + own;
  if (!(total > 0)) return fit;
  const rackScore = createFewness(rooms, (node) => counts.byRack.get(rackKey(node)) ?? 0);
  const hostScore = createFewness(rooms, ({ host }) => counts.byHost.get(host) ?? 0);
  return (row) => (weights.rack * rackScore(row) + weights.host * hostScore(row) + ofNode(row)) / total;
};

/** A score of 0..1 as the integer 0..10 that goes over the wire. */
export const wireScore = (score: number): number =>
  Number.isFinite(score) ? Math.min(MAX_SCORE, Math.max(0, Math.round(score * MAX_SCORE))) : 0;

/** 1 where the count is least, 0 where it is greatest, and 1 everywhere when all are alike. */
const createFewness = ({ nodes }: Rooms, count: (node: NodeState) => number): Score => {
  const found = nodes.map(count);
  const [least, most] = extremesOf(found);
  return (row) => (most > least ? (most - (found[row] ?? most)) / (most - least) : 1);
};

/** The least and the greatest. */
const extremesOf = (numbers: readonly number[]): [number, number] => {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const number of numbers) {
    if (number < least) least = number;
    if (number > most) most = number;
  }
  return [least, most];
};
