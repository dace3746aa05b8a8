import { LINEAR } from '@berth/contract/layout';
import { HoldLedger } from './hold-ledger.ts';
import type { Demand, GroupState, Hold, Member, NodeState } from './model.ts';
import type { JudgeOptions, Landscape, Question } from './place.ts';
import { DEFAULT_WEIGHTS } from './score.ts';

export const GiB = 1024 ** 3;
const MiB = 1024 ** 2;

export const nvmeGroup = (change: Partial<GroupState> = {}): GroupState => {
  const size = change.size ?? 1000 * GiB;
  return { medium: 'nvme', extentSize: 4 * MiB, size, free: size, foreign: 0, reserve: 0, ours: 0, ...change };
};

export const nodeState = (name: string, change: Partial<NodeState> = {}): NodeState => ({
  name,
  rack: undefined,
  host: name,
  groups: { nvme: nvmeGroup() },
  out: undefined,
  ...change,
});

export const demand = (name: string, change: Partial<Demand> = {}): Demand => ({
  claimKey: `prod/${name}`,
  claimUid: `uid-${name}`,
  medium: 'nvme',
  bytes: 100 * GiB,
  layout: LINEAR,
  policy: 'spread',
  rackSpread: 'preferred',
  ...change,
});

export const question = (demands: readonly Demand[], change: Partial<Question> = {}): Question => ({
  demands,
  pins: [],
  podUid: 'pod',
  application: undefined,
  member: 'prod/pod',
  ...change,
});

export const hold = (name: string, node: string, change: Partial<Hold> = {}): Hold => ({
  claimKey: `prod/${name}`,
  claimUid: `uid-${name}`,
  podUid: `pod-${name}`,
  node,
  medium: 'nvme',
  bytes: 100 * GiB,
  layout: LINEAR,
  candidates: [node],
  application: undefined,
  member: `prod/${name}`,
  ...change,
});

/** A landscape of given nodes and members, with an empty ledger and the default weights. */
export const options = (nodes: readonly NodeState[], members: readonly Member[] = []): JudgeOptions => {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const landscape: Landscape = {
    node: (name) => byName.get(name),
    rackDomain: () => nodes,
    members: () => members,
    leftovers: () => [],
  };
  return { landscape, ledger: new HoldLedger({ ttlMs: 60_000 }), weights: DEFAULT_WEIGHTS };
};
