import { bestOf } from './best-of.ts';
import { createRoomCheck, type RoomQuestion } from './feasibility.ts';
import type { HoldLedger } from './hold-ledger.ts';
import { countMembers, type MemberCounts } from './members.ts';
import type { Demand, Hold, Member, NodeState, Objection, ObjectionKind } from './model.ts';
import { createRackLimit, type RackLimit } from './rack-limit.ts';
import { type Choice, Rooms } from './rooms.ts';
import { createScore, type Weights } from './score.ts';

/** The nodes as placement sees them. */
export interface Landscape {
  node(name: string): NodeState | undefined;
  /** All nodes whose racks count for `rack-spread: required`; called only for such claims. */
  rackDomain(): Iterable<NodeState>;
  /** Members of an application from volumes and pods; those from holds are added here. */
  members(application: string): Iterable<Member>;
  /** Its former members: their volumes are given up, and still on the disks of these nodes. */
  leftovers(application: string): Iterable<Member>;
}

/** A pod to place. */
export interface Question extends Omit<RoomQuestion, 'ownClaims' | 'rackLimit'> {
  readonly podUid: string | undefined;
  /** Key of application cluster and role, or undefined. */
  readonly application: string | undefined;
  /** The pod's own key among the members. */
  readonly member: string;
}

export interface Refusals {
  /** Every reason against each node that does not fit. */
  readonly refused: ReadonlyMap<string, readonly string[]>;
  /** How many nodes each kind of reason speaks against; a node may count for several. */
  readonly objections: ReadonlyMap<ObjectionKind, number>;
}

/** What was found of nodes, in the order in which they were named. */
export interface Assessment extends Refusals {
  readonly rooms: Rooms;
}

/** What was found of nodes, the best first. */
export interface Judgement extends Refusals {
  readonly choices: readonly Choice[];
}

export interface JudgeOptions {
  readonly landscape: Landscape;
  readonly ledger: HoldLedger;
  readonly weights: Weights;
}

/** Judges the named nodes for a pod, best first. Pure: the same landscape and ledger give the same answer. */
export const judge = (names: readonly string[], question: Question, options: JudgeOptions): Judgement => {
  const { rooms, ...refusals } = assess(names, question, options);
  return { choices: bestOf(rooms, Number.POSITIVE_INFINITY), ...refusals };
};

/** As `judge`, in the order of the names: for callers that want few of many, or only the scores. */
export const assess = (names: readonly string[], question: Question, options: JudgeOptions): Assessment => {
  const { landscape, ledger, weights } = options;
  const counts = membersAround(question, options);
  const rackLimit = rackLimitFor(question, landscape, counts);
  const ownClaims = new Set(question.demands.map((demand) => demand.claimUid));
  const check = createRoomCheck({ ...question, ownClaims, rackLimit }, ledger);
  const rooms = new Rooms(names.length);
  const refused = new Map<string, readonly string[]>();
  const objections = new Map<ObjectionKind, number>();
  const refuse = (name: string, reasons: readonly Objection[]) => {
    refused.set(
      name,
      reasons.map(({ text }) => text),
    );
    for (const { kind } of reasons) objections.set(kind, (objections.get(kind) ?? 0) + 1);
  };
  for (const name of names) {
    const against = check(landscape.node(name) ?? unreported(name), rooms);
    if (against !== undefined) refuse(name, against);
  }
  rooms.rate(createScore(rooms, { counts, weights, leftovers: leftoversAround(question, landscape) }));
  return { rooms, refused, objections };
};

/** How much an offer may hold. */
export interface OfferLimits {
  /** At most so many nodes. */
  readonly shortlist: number;
  /** Claims of other pods whose node is not decided yet. */
  readonly undecided: number;
}

/** Certain nodes that there must be for each one offered, so that the pods that come next find certain room too. */
const NODES_PER_OFFER = 2;

/**
 * What to offer the scheduler, which takes any of it: the best, at most a shortlist of them. Only nodes with certain room
 * when there are any: whatever the scheduler takes then, nothing is promised twice. Else one node alone, where
 * there is room as far as can be foretold. One alone too for a member of an application cluster or where racks are binding:
 * the next member's rack depends on where this one really goes, and it may be asked about before that is known.
 */
export const offerOf = (rooms: Rooms, question: Question, limits: OfferLimits): Choice[] => {
  const binding = question.demands.some((demand) => demand.rackSpread === 'required');
  const best = bestOf(rooms, binding || question.application !== undefined ? 1 : abundance(rooms, limits));
  return best[0]?.sure ? best.filter((choice) => choice.sure) : best.slice(0, 1);
};

/** Fewer the more pods are undecided and the fewer nodes are left: each offer makes room uncertain for those who come next. */
const abundance = (rooms: Rooms, { shortlist, undecided }: OfferLimits): number => {
  let sure = 0;
  for (let row = 0; row < rooms.length; row += 1) if (rooms.sure(row)) sure += 1;
  return Math.max(1, Math.min(shortlist, Math.ceil(sure / NODES_PER_OFFER / (undecided + 1))));
};

/** Holds for all demands of the pod on the first of these choices; the others are where it may still end up. */
export const holdsFor = (question: Question, choices: readonly Choice[]): Hold[] => {
  const [best] = choices;
  if (best === undefined) return [];
  const candidates = choices.map((choice) => choice.node.name);
  return question.demands.map((demand) => holdFor(demand, { question, node: best.node.name, candidates }));
};

const holdFor = (
  { claimKey, claimUid, medium, bytes, layout }: Demand,
  at: { question: Question; node: string; candidates: readonly string[] },
): Hold => ({
  claimKey,
  claimUid,
  medium,
  bytes,
  layout,
  node: at.node,
  candidates: at.candidates,
  podUid: at.question.podUid,
  application: at.question.application,
  member: at.question.member,
});

const unreported = (name: string): NodeState => ({
  name,
  rack: undefined,
  host: name,
  groups: {},
  out: 'the node has reported no disks',
  unreported: true,
});

const membersAround = (question: Question, { landscape, ledger }: JudgeOptions): MemberCounts | undefined => {
  const { application } = question;
  if (application === undefined) return undefined;
  const held = ledger.ofApplication(application);
  const all = [...landscape.members(application), ...held];
  return countMembers(all, question.member, (name) => landscape.node(name));
};

const leftoversAround = ({ application }: Question, landscape: Landscape): ReadonlySet<string> =>
  new Set(application === undefined ? [] : [...landscape.leftovers(application)].map(({ node }) => node));

const rackLimitFor = (
  question: Question,
  landscape: Landscape,
  counts: MemberCounts | undefined,
): RackLimit | undefined => {
  const required = question.demands.filter((demand) => demand.rackSpread === 'required');
  if (counts === undefined || required.length === 0) return undefined;
  const media = new Set(question.demands.map((demand) => demand.medium));
  const usable = [...landscape.rackDomain()].filter((node) => [...media].every((medium) => node.groups[medium]));
  return createRackLimit(usable, counts);
};
