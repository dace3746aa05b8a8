import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HoldLedger } from './hold-ledger.ts';
import { GiB, hold } from './testing.ts';

const GROUP = { medium: 'nvme', extentSize: GiB } as const;
const NOBODY: ReadonlySet<string> = new Set();

describe('holds', () => {
  it('count whole extents, on the expected node for sure and on the other candidates at most', () => {
    const ledger = new HoldLedger({ ttlMs: 10 });
    ledger.hold([hold('a', 'n1', { bytes: GiB + 1, candidates: ['n1', 'n2'] })], 0);
    expect(ledger.held('n1', GROUP, NOBODY)).toEqual({ expected: 2 * GiB, atMost: 2 * GiB });
    expect(ledger.held('n2', GROUP, NOBODY)).toEqual({ expected: 0, atMost: 2 * GiB });
    ledger.hold([hold('b', 'n3', { bytes: GiB + 1, layout: { type: 'raid1' } })], 0);
    expect(ledger.held('n3', GROUP, NOBODY), 'two copies, each with metadata').toEqual({
      ...{ expected: 6 * GiB, atMost: 6 * GiB },
    });
    expect(ledger.held('n1', { ...GROUP, medium: 'hdd' }, NOBODY)).toEqual({ expected: 0, atMost: 0 });
    expect(ledger.held('n1', GROUP, new Set(['uid-a']))).toEqual({ expected: 0, atMost: 0 });
  });

  it('a prediction on the node that is selected counts once, and outlives the selection that was known before it', () => {
    const ledger = new HoldLedger({ ttlMs: 10 });
    ledger.select(hold('a', 'n1', { bytes: GiB }));
    ledger.hold([hold('a', 'n1', { bytes: GiB })], 0);
    ledger.select(hold('a', 'n1', { bytes: GiB }));
    expect(ledger.held('n1', GROUP, NOBODY)).toEqual({ expected: GiB, atMost: GiB });
    ledger.unselect('uid-a');
    expect(ledger.held('n1', GROUP, NOBODY)).toEqual({ expected: GiB, atMost: GiB });
  });

  it('a selection that was offered counts for the prediction; one that was not is old news, and both stand', () => {
    const ledger = new HoldLedger({ ttlMs: 10 });
    ledger.hold([hold('a', 'n1', { candidates: ['n1', 'n2'] })], 0);
    ledger.select(hold('a', 'n2'));
    expect(ledger.entries()).toMatchObject([{ node: 'n2', selected: true }]);
    ledger.hold([hold('a', 'n3')], 0);
    ledger.select(hold('a', 'n2'));
    expect(ledger.entries().map((entry) => entry.node)).toEqual(['n3', 'n2']);
    ledger.unselect('uid-a');
    expect(ledger.entries()).toMatchObject([{ node: 'n3', selected: false }]);
  });
});

type Step =
  | { readonly kind: 'hold'; readonly claims: readonly number[]; readonly nodes: readonly string[] }
  | { readonly kind: 'select'; readonly claim: number; readonly node: string }
  | { readonly kind: 'unselect' | 'release' | 'releasePod'; readonly claim: number }
  | { readonly kind: 'wait'; readonly ms: number };

const claimNumber = fc.nat(5);
const nodeName = fc.constantFrom('n1', 'n2', 'n3');
const step: fc.Arbitrary<Step> = fc.oneof(
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
const next = (model: Model, each: Step): Model => {
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

const applyTo = (ledger: HoldLedger, each: Step, nowMs: number) => {
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

it('agrees with a plain reference under any sequence of events, and leaks nothing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const ledger = new HoldLedger({ ttlMs: TTL_MS });
      let model: Model = { predicted: [], selected: [], now: 0 };
      for (const each of steps) {
        model = inTime(next(model, each));
        applyTo(ledger, each, model.now);
        for (const node of ['n1', 'n2', 'n3']) expect(ledger.held(node, GROUP, NOBODY)).toEqual(heldIn(model, node));
        const open = model.predicted.filter((entry) => !entry.answered);
        expect(ledger.size).toBe(open.length + model.selected.length);
        expect(ledger.undecided(NOBODY)).toBe(open.length);
        const others = open.filter((entry) => entry.claim !== 0);
        expect(ledger.undecided(new Set(['uid-0']))).toBe(others.length);
      }
      for (let claim = 0; claim <= 5; claim += 1) ledger.release(`uid-${claim}`);
      for (const node of ['n1', 'n2', 'n3']) expect(ledger.onNode(node).size).toBe(0);
      expect(ledger.size).toBe(0);
    }),
    { numRuns: 300 },
  );
});

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

it('is empty after a million random events once every pod and claim has gone (trap 73)', () => {
  const ledger = new HoldLedger({ ttlMs: TTL_MS });
  const random = numbersFrom(1);
  const claims = 200;
  for (let event = 0; event < 1_000_000; event += 1) {
    const claim = random(claims);
    const node = `n${random(50)}`;
    const what = random(6);
    if (what < 2) ledger.hold([holdOf(claim, node, [node, `n${random(50)}`])], event);
    else if (what === 2) ledger.select(holdOf(claim, node));
    else if (what === 3) ledger.unselect(`uid-${claim}`);
    else if (what === 4) ledger.release(`uid-${claim}`);
    else ledger.releasePod(podOf(claim));
    ledger.expire(event);
  }
  expect(ledger.size).toBeGreaterThan(0);
  for (let claim = 0; claim < claims; claim += 1) ledger.release(`uid-${claim}`);
  for (let node = 0; node < 50; node += 1) expect(ledger.onNode(`n${node}`).size).toBe(0);
  expect(ledger.size).toBe(0);
});
