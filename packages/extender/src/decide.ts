import { demandsOfPod, type PodDemands } from '@berth/placement/demands';
import type { HoldLedger } from '@berth/placement/hold-ledger';
import { type Assessment, assess, holdsFor, offerOf, type Question } from '@berth/placement/place';
import { nodeSentence } from '@berth/placement/refusal-text';
import { Rooms } from '@berth/placement/rooms';
import { type Weights, wireScore } from '@berth/placement/score';
import type { Clock } from '@berth/runtime/clock';
import {
  type ExtenderArgs,
  type ExtenderFilterResult,
  type ExtenderPod,
  filterError,
  filterResult,
  type HostPriority,
  nodeNamesOf,
} from './extender-api.ts';
import { applicationKeyOf, claimReferencesOf, podKeyOf } from './pod-facts.ts';
import type { View } from './view.ts';

export interface DecideOptions {
  /** Why this replica must not answer for pods with claims of ours, as a sentence. */
  readonly refusal: () => string | undefined;
  readonly view: View;
  readonly ledger: HoldLedger;
  readonly weights: Weights;
  /** At most this many nodes are offered to the scheduler, the best ones. */
  readonly shortlist: number;
  readonly clock: Clock;
}

/** What became of a filter call, and what was found of each node. */
export interface Decision extends Assessment {
  readonly outcome: 'passed' | 'placed' | 'refused' | 'retry';
  readonly result: ExtenderFilterResult;
  /** Claims that found no room. */
  readonly claims: readonly string[];
  /** Why nothing can be said now, or why no node can ever take the pod. */
  readonly reason?: string;
}

/** No node was looked at. */
const unjudged = (): Assessment & Pick<Decision, 'claims'> => ({
  rooms: new Rooms(0),
  refused: new Map(),
  objections: new Map(),
  claims: [],
});

/** Decides and holds room in one synchronous step: no other request can come between. */
export const filter = (args: ExtenderArgs, options: DecideOptions): Decision => {
  const asked = ask(args.Pod, options);
  if (asked.kind === 'nothing') return passed(args);
  if (asked.kind === 'retry') {
    return { ...unjudged(), outcome: 'retry', result: filterError(`berth: ${asked.reason}`), reason: asked.reason };
  }
  if (asked.kind === 'refused') {
    const failed = Object.fromEntries(nodeNamesOf(args).map((name) => [name, asked.reason]));
    return { ...unjudged(), outcome: 'refused', result: filterResult(args, [], failed), reason: asked.reason };
  }
  return place(args, asked, options);
};

/**
 * Scores names for a pod, as placement sees them now; 0 for a node that does not fit any more. No scores at all where there
 * is nothing to say: kube-scheduler adds nothing to nodes that are not in the list.
 */
export const prioritize = (args: ExtenderArgs, options: DecideOptions): HostPriority[] => {
  const asked = ask(args.Pod, options);
  if (asked.kind !== 'place') return [];
  // The rooms are in the order of the names.
  const { rooms } = assessFor(args, asked, options);
  let row = 0;
  return nodeNamesOf(args).map((Host) =>
    rooms.nodes[row]?.name === Host ? { Host, Score: wireScore(rooms.score(row++)) } : { Host, Score: 0 },
  );
};

/** Those of the names where the pod's volumes fit, as things are now; none while that can't be told. */
export const fitting = (args: ExtenderArgs, options: DecideOptions): readonly string[] => {
  const asked = ask(args.Pod, options);
  if (asked.kind === 'nothing') return nodeNamesOf(args);
  if (asked.kind !== 'place') return [];
  return assessFor(args, asked, options).rooms.nodes.map(({ name }) => name);
};

type Placing = Extract<PodDemands, { kind: 'place' }>;

const place = (args: ExtenderArgs, asked: Placing, options: DecideOptions): Decision => {
  const { ledger, clock, shortlist } = options;
  const nowMs = clock.monotonicMs();
  ledger.expire(nowMs);
  const assessment = assessFor(args, asked, options);
  const { rooms, refused } = assessment;
  const question = questionOf(args.Pod, asked);
  const ownClaims = new Set(asked.demands.map((demand) => demand.claimUid));
  const offered = offerOf(rooms, question, { shortlist, undecided: ledger.undecided(ownClaims) });
  const failed = Object.fromEntries([...refused].map(([name, reasons]) => [name, nodeSentence(reasons)]));
  if (offered.length === 0) {
    if (args.Pod.metadata.uid !== undefined) ledger.releasePod(args.Pod.metadata.uid);
    const claims = asked.demands.map((demand) => demand.claimKey);
    return { ...assessment, outcome: 'refused', result: filterResult(args, [], failed), claims };
  }
  ledger.hold(holdsFor(question, offered), nowMs);
  const names = offered.map((choice) => choice.node.name);
  return { ...assessment, outcome: 'placed', result: filterResult(args, names, failed), claims: [] };
};

const passed = (args: ExtenderArgs): Decision => ({
  ...unjudged(),
  outcome: 'passed',
  result: filterResult(args, nodeNamesOf(args)),
});

/**
 * A replica that does not lead, or whose view can't be trusted, answers "again later" for pods with claims of ours. While claims and classes are not
 * listed, whose a claim is can't be told either; a pod without claims never waits for the view.
 */
const ask = (pod: ExtenderPod, { refusal, view }: DecideOptions): PodDemands => {
  const references = claimReferencesOf(pod);
  if (references.length === 0) return { kind: 'nothing' };
  const asked = demandsOfPod(references, view.lookup);
  if (asked.kind === 'nothing' && view.synced) return asked;
  const reason = refusal() ?? view.unready();
  return reason === undefined ? asked : { kind: 'retry', reason };
};

const assessFor = (args: ExtenderArgs, asked: Placing, { view, ledger, weights }: DecideOptions): Assessment =>
  assess(nodeNamesOf(args), questionOf(args.Pod, asked), {
    landscape: view.landscape(args.Pod.spec.nodeSelector ?? {}),
    ledger,
    weights,
  });

const questionOf = (pod: ExtenderPod, { demands, pins }: Placing): Question => ({
  demands,
  pins,
  podUid: pod.metadata.uid,
  application: applicationKeyOf(pod),
  member: podKeyOf(pod),
});
