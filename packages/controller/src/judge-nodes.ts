import type { HoldLedger } from '@berth/placement/hold-ledger';
import { type Judgement, judge, type Question } from '@berth/placement/place';
import type { Weights } from '@berth/placement/score';
import type { Caches } from './caches.ts';
import type { VolumeRequest } from './claim-request.ts';
import { nodeStatesOf } from './node-states.ts';

/** One volume by itself: neither the pod, and so not its application cluster, nor other claims are known. */
export interface VolumeQuestion {
  /** Name of the LogicalVolume to come. */
  readonly volume: string;
  /** For whom, as people know it. */
  readonly owner: string;
  readonly request: VolumeRequest;
  readonly policy: 'spread' | 'concentrated';
}

/** The same as placement asks it. */
export const questionOf = ({
  volume,
  owner,
  request: { medium, bytes, layout },
  policy,
}: VolumeQuestion): Question => ({
  demands: [{ claimKey: owner, claimUid: volume, medium, bytes, layout, policy, rackSpread: 'preferred' }],
  pins: [],
  podUid: undefined,
  application: undefined,
  member: volume,
});

export interface JudgeNodesOptions {
  readonly ledger: HoldLedger;
  readonly weights: Weights;
  /** The only nodes that will do; undefined means any. */
  readonly among?: ReadonlySet<string> | undefined;
}

/** Judges the nodes that take pods and have reported their disks, best first. */
export const judgeNodes = (caches: Caches, question: Question, options: JudgeNodesOptions): Judgement => {
  const states = nodeStatesOf(caches);
  const landscape = {
    node: (node: string) => states.get(node),
    rackDomain: () => states.values(),
    members: () => [],
    leftovers: () => [],
  };
  const { among, ledger, weights } = options;
  const names = [...states.keys()].filter((name) => among?.has(name) ?? true);
  return judge(names, question, { landscape, ledger, weights });
};
