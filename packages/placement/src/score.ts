import { type MemberCounts, rackKey } from './members.ts';
import type { NodeState } from './model.ts';

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

/** A node that has room: how well that suits, and how busy its disks are, both 0..1. */
export interface Candidate {
  readonly node: NodeState;
  readonly fit: number;
  readonly busy: number;
}

/**
 * Makes the score of each candidate as it would be after placement, 0 (worst) to 1 (best). Racks and hosts are compared
 * among the candidates: the one with the fewest members gets 1, the one with the most 0, and all get 1 when equal. What
 * tells no candidate from another has no weight: racks and hosts of a pod without an application, disks that are all
 * idle or not measured. Where there are leftovers anywhere, nodes with some share the lower half of the
 * scale: such a node may only just be back, and its disks have the old data to remove.
 */
export const createScore = (candidates: readonly Candidate[], question: ScoreQuestion): Score => {
  const { leftovers } = question;
  const merit = createMerit(candidates, question);
  if (leftovers.size === 0) return merit;
  return (candidate) => (merit(candidate) + (leftovers.has(candidate.node.name) ? 0 : 1)) / 2;
};

type Score = (candidate: Candidate) => number;

const createMerit = (candidates: readonly Candidate[], { counts, weights }: ScoreQuestion): Score => {
  const load = candidates.some(({ busy }) => busy > 0) ? weights.load : 0;
  const own = weights.room + load;
  const ofNode = ({ fit, busy }: Candidate) => weights.room * fit + load * (1 - busy);
  if (counts === undefined) return load > 0 ? (candidate) => ofNode(candidate) / own : ({ fit }) => fit;
  const total = weights.rack + weights.host + own;
  if (!(total > 0)) return ({ fit }) => fit;
  const inRack = (node: NodeState) => counts.byRack.get(rackKey(node)) ?? 0;
  const onHost = (node: NodeState) => counts.byHost.get(node.host) ?? 0;
  const rackScore = createFewness(candidates, inRack);
  const hostScore = createFewness(candidates, onHost);
  return (candidate) => {
    const { node } = candidate;
    const spread = weights.rack * rackScore(inRack(node)) + weights.host * hostScore(onHost(node));
    return (spread + ofNode(candidate)) / total;
  };
};

/** A score of 0..1 as the integer 0..10 that goes over the wire. */
export const wireScore = (score: number): number =>
  Number.isFinite(score) ? Math.min(MAX_SCORE, Math.max(0, Math.round(score * MAX_SCORE))) : 0;

const createFewness = (candidates: readonly Candidate[], count: (node: NodeState) => number) => {
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const { node } of candidates) {
    const found = count(node);
    if (found < least) least = found;
    if (found > most) most = found;
  }
  return (found: number): number => (most > least ? (most - found) / (most - least) : 1);
};
