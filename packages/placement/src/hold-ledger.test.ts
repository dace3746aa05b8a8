import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HoldLedger } from './hold-ledger.ts';
import { findDisagreement, holdEvent, leftAfter } from './testing/hold-events.ts';
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

it('agrees with a plain reference under any sequence of events, and leaks nothing', () => {
  const events = fc.array(holdEvent, { maxLength: 60, size: 'max' });
  fc.assert(
    fc.property(events, (each) => {
      expect(findDisagreement(each)).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});

it('is empty after a million random events once every pod and claim has gone (trap 73)', () => {
  const { before, left } = leftAfter(1_000_000, 1);
  expect(before).toBeGreaterThan(0);
  expect(left).toBe(0);
});
