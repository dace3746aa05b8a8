import type { Room } from './feasibility.ts';
import { type MemberCounts, rackKey } from './members.ts';
import type { Demand, NodeState } from './model.ts';

/** How much each part of the score counts, relative to the others; zero or more. */
export interface Weights {
  /** Few members of the same application cluster and role in the node's rack. */
  readonly rack: number;
  /** Few of them on the node's host. */
  readonly host: number;
  /** Room left after placement: much (`spread`) or little (`concentrated`). */
  readonly room: number;
}

/** Rack before host before room: losing a rack must not cost two members where it could cost one. */
export const DEFAULT_WEIGHTS: Weights = { rack: 5, host: 3, room: 2 };

/** The greatest score an extender may give (MaxExtenderPriority in k8s.io/kube-scheduler/extender/v1). */
export const MAX_SCORE = 10;

export interface Candidate {
  readonly node: NodeState;
  readonly room: Room;
}

export interface ScoreQuestion {
  readonly demands: readonly Demand[];
  /** Undefined when the pod belongs to no application: racks and hosts then say nothing. */
  readonly counts: MemberCounts | undefined;
  readonly weights: Weights;
}

/**
 * Scores each candidate as it would be after placement, 0 (worst) to 1 (best). Racks and hosts are compared among
 * the candidates: the one with the fewest members gets 1, the one with the most 0, and all get 1 when they are equal.
 */
export const scoreCandidates = (candidates: readonly Candidate[], question: ScoreQuestion): number[] => {
  const { counts, weights, demands } = question;
  const room = candidates.map((candidate) => roomScore(candidate.room, demands));
  if (counts === undefined) return room;
  const rack = fewness(candidates.map(({ node }) => counts.byRack.get(rackKey(node)) ?? 0));
  const host = fewness(candidates.map(({ node }) => counts.byHost.get(node.host) ?? 0));
  const total = weights.rack + weights.host + weights.room;
  if (!(total > 0)) return room;
  return candidates.map((_, index) => {
    const sum =
      weights.rack * (rack[index] ?? 0) + weights.host * (host[index] ?? 0) + weights.room * (room[index] ?? 0);
    return sum / total;
  });
};

/** A score of 0..1 as the integer 0..10 that goes over the wire. */
export const wireScore = (score: number): number =>
  Number.isFinite(score) ? Math.min(MAX_SCORE, Math.max(0, Math.round(score * MAX_SCORE))) : 0;

const roomScore = (room: Room, demands: readonly Demand[]): number => {
  if (demands.length === 0) return 1;
  let sum = 0;
  demands.forEach((demand, index) => {
    const left = room.left[index] ?? 0;
    sum += demand.policy === 'spread' ? left : 1 - left;
  });
  return sum / demands.length;
};

const fewness = (counts: readonly number[]): number[] => {
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const count of counts) {
    least = Math.min(least, count);
    most = Math.max(most, count);
  }
  return counts.map((count) => (most > least ? (most - count) / (most - least) : 1));
};
