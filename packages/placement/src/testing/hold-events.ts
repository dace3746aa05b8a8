import fc from 'fast-check';
import { HoldLedger } from '../hold-ledger.ts';
import { GiB, hold } from '../testing.ts';

const GROUP = { medium: 'nvme', extentSize: GiB } as const;
const NOBODY: ReadonlySet<string> = new Set();
const NODES = ['n1', 'n2', 'n3'];
const CLAIMS = 6;

/** What happens to holds: one event each. */
export type HoldEvent =
  | { readonly kind: 'hold'; readonly claims: readonly number[]; readonly nodes: readonly string[] }
  | { readonly kind: 'select'; readonly claim: number; readonly node: string }
  | { readonly kind: 'unselect' | 'release' | 'releasePod'; readonly claim: number }
  | { readonly kind: 'wait'; readonly ms: number };

const claimNumber = fc.nat(CLAIMS - 1);
const nodeName = fc.constantFrom(...NODES);

export const holdEvent: fc.Arbitrary<HoldEvent> = fc.oneof(
  fc.record({
    kind: fc.constant('hold' as const),
    claims: fc.uniqueArray(claimNumber, { minLength: 1, maxLength: 3 }),
    nodes: fc.uniqueArray(nodeName, { minLength: 1 }),
  }),
  fc.record({ kind: fc.constant('select' as const), claim: claimNumber, node: nodeName }),
  fc.record({
    kind: fc.constantFrom('unselect' as const, 'release' as const, 'releasePod' as const),
    claim: claimNumber,
  }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(8) }),
);

const TTL_MS = 20;
/** Claims 0 and 1 are of one pod, 2 and 3 of another, and so on. */
const podOf = (claim: number) => `pod-${claim >> 1}`;
const holdOf = (claim: number, node: string, candidates = [node]) =>
  hold(String(claim), node, { podUid: podOf(claim), candidates, bytes: (claim + 1) * GiB });

interface Predicted {
  readonly claim: number;
  readonly nodes: readonly string[];
  readonly until: number;
  /** A selection counts for it. */
  readonly answered: boolean;
}

interface Model {
  predicted: readonly Predicted[];
  selected: readonly { claim: number; node: string }[];
  now: number;
}

/** The same rules over plain records, looked through from end to end each time. */
const next = (model: Model, each: HoldEvent): Model => {
  const { predicted, selected, now } = model;
  const others = <T extends { claim: number }>(entries: readonly T[], claims: readonly number[]): T[] =>
    entries.filter((entry) => !claims.includes(entry.claim));
  switch (each.kind) {
    case 'wait':
      return { ...model, now: now + each.ms };
    case 'hold': {
      const made = each.claims.map((claim) => ({ claim, nodes: each.nodes, until: now + TTL_MS, answered: false }));
      return { ...model, predicted: [...others(predicted, each.claims), ...made] };
    }
    case 'select': {
      const known = selected.some((entry) => entry.claim === each.claim && entry.node === each.node);
      const told = (entry: Predicted) =>
        known || entry.claim !== each.claim ? entry : { ...entry, answered: entry.nodes.includes(each.node) };
      const chosen = { claim: each.claim, node: each.node };
      return { ...model, predicted: predicted.map(told), selected: [...others(selected, [each.claim]), chosen] };
    }
    case 'unselect': {
      const open = predicted.map((entry) => (entry.claim === each.claim ? { ...entry, answered: false } : entry));
      return { ...model, predicted: open, selected: others(selected, [each.claim]) };
    }
    case 'release':
      return { ...model, predicted: others(predicted, [each.claim]), selected: others(selected, [each.claim]) };
    case 'releasePod':
      return { ...model, predicted: predicted.filter((entry) => podOf(entry.claim) !== podOf(each.claim)) };
  }
};

const inTime = (model: Model): Model => ({
  ...model,
  predicted: model.predicted.filter((entry) => entry.until > model.now),
});

/** Each claim once, for what it may take on this node. */
const heldIn = ({ predicted: all, selected }: Model, node: string) => {
  const predicted = all.filter((entry) => !entry.answered);
  const sure = selected.filter((entry) => entry.node === node).map((entry) => entry.claim);
  const first = predicted.filter((entry) => entry.nodes[0] === node).map((entry) => entry.claim);
  const maybe = predicted.filter((entry) => entry.nodes.includes(node)).map((entry) => entry.claim);
  const sum = (claims: readonly number[]) => [...new Set(claims)].reduce((all, claim) => all + (claim + 1) * GiB, 0);
  return { expected: sum([...sure, ...first]), atMost: sum([...sure, ...maybe]) };
};

const applyTo = (ledger: HoldLedger, each: HoldEvent, nowMs: number) => {
  if (each.kind === 'hold') {
    const [node = ''] = each.nodes;
    ledger.hold(
      each.claims.map((claim) => holdOf(claim, node, [...each.nodes])),
      nowMs,
    );
  } else if (each.kind === 'select') ledger.select(holdOf(each.claim, each.node));
  else if (each.kind === 'unselect') ledger.unselect(`uid-${each.claim}`);
  else if (each.kind === 'release') ledger.release(`uid-${each.claim}`);
  else if (each.kind === 'releasePod') ledger.releasePod(podOf(each.claim));
  ledger.expire(nowMs);
};

/** Plays the events to a ledger and to a reference; the first thing they disagree about, or that is leaked, as a sentence. */
export const findDisagreement = (events: readonly HoldEvent[]): string | undefined => {
  const ledger = new HoldLedger({ ttlMs: TTL_MS });
  let model: Model = { predicted: [], selected: [], now: 0 };
  for (const [index, each] of events.entries()) {
    model = inTime(next(model, each));
    applyTo(ledger, each, model.now);
    const wrong = compare(ledger, model);
    if (wrong !== undefined) return `after event ${index + 1}: ${wrong}`;
  }
  for (let claim = 0; claim < CLAIMS; claim += 1) ledger.release(`uid-${claim}`);
  const left = NODES.reduce((sum, node) => sum + ledger.onNode(node).size, ledger.size);
  return left === 0 ? undefined : `${left} entries are left when every claim has gone`;
};

const compare = (ledger: HoldLedger, model: Model): string | undefined => {
  const open = model.predicted.filter((entry) => !entry.answered);
  const facts: [string, unknown, unknown][] = [
    ...NODES.map((node): [string, unknown, unknown] => [
      `held on ${node}`,
      ledger.held(node, GROUP, NOBODY),
      heldIn(model, node),
    ]),
    ['entries', ledger.size, open.length + model.selected.length],
    ['undecided', ledger.undecided(NOBODY), open.length],
    ['undecided but for claim 0', ledger.undecided(new Set(['uid-0'])), open.filter(({ claim }) => claim !== 0).length],
  ];
  const wrong = facts.find(([, is, should]) => JSON.stringify(is) !== JSON.stringify(should));
  return wrong && `${wrong[0]}: ${JSON.stringify(wrong[1])}, not ${JSON.stringify(wrong[2])}`;
};

/** Pseudo-random numbers, the same in every run (the generator mulberry32). */
const numbersFrom = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
};

/** Entries that are left, of any kind, when all claims have gone after so many random events. */
export const leftAfter = (events: number, seed: number): { readonly before: number; readonly left: number } => {
  const ledger = new HoldLedger({ ttlMs: TTL_MS });
  const random = numbersFrom(seed);
  const claims = 200;
  const nodes = 50;
  for (let event = 0; event < events; event += 1) {
    const claim = random(claims);
    const node = `n${random(nodes)}`;
    const what = random(6);
    if (what < 2) ledger.hold([holdOf(claim, node, [node, `n${random(nodes)}`])], event);
    else if (what === 2) ledger.select(holdOf(claim, node));
    else if (what === 3) ledger.unselect(`uid-${claim}`);
    else if (what === 4) ledger.release(`uid-${claim}`);
    else ledger.releasePod(podOf(claim));
    ledger.expire(event);
  }
  const before = ledger.size;
  for (let claim = 0; claim < claims; claim += 1) ledger.release(`uid-${claim}`);
  let left = ledger.size;
  for (let node = 0; node < nodes; node += 1) left += ledger.onNode(`n${node}`).size;
  return { before, left };
};
