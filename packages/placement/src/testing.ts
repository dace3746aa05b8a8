import { LINEAR } from '@berth/contract/layout';
import { unusedBytes, usableBytes } from './free-space.ts';
import { HoldLedger } from './hold-ledger.ts';
import type { Demand, GroupAmounts, GroupState, Hold, Member, NodeState } from './model.ts';
import type { JudgeOptions, Landscape, Question } from './place.ts';
import { Rooms } from './rooms.ts';
import { DEFAULT_WEIGHTS } from './score.ts';

export const GiB = 1024 ** 3;
const MiB = 1024 ** 2;

export type GroupChange = Partial<GroupAmounts & Omit<GroupState, 'usable' | 'unused'>>;

/** An empty group of 1,000 GiB and extents of 4 MiB, but for the change. */
export const nvmeGroup = ({
  size = 1000 * GiB,
  free = size,
  foreign = 0,
  reserve = 0,
  ours = 0,
  ...change
}: GroupChange = {}): GroupState => {
  const amounts = { size, free, foreign, reserve, ours };
  const worked = { usable: usableBytes(amounts), unused: unusedBytes(amounts) };
  return { medium: 'nvme', extentSize: 4 * MiB, size, ...worked, ...change };
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

/** Rooms on nodes of these names, with these scores. */
export const rooms = (
  given: readonly { readonly name: string; readonly sure: boolean; readonly score: number }[],
): Rooms => {
  const all = new Rooms(given.length);
  for (const { name, sure, score } of given) all.add(nodeState(name), { sure, fit: score, busy: 0 });
  return all;
};
