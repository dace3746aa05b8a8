import type { Medium } from '@berth/contract/medium';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Demand, Hold, NodeState } from './model.ts';
import { judge } from './place.ts';
import { demand, hold, nodeState, nvmeGroup, options, question } from './testing.ts';

// The rules of docs/architecture.md said again in the plainest way: sizes are small numbers, LVM is played extent by
// extent, and every undecided pod is tried on each of its candidates. Nothing of the code under test is used.

const EXTENT = 4;
const NAMES = ['n0', 'n1', 'n2'];
const medium = fc.constantFrom<Medium>('hdd', 'ssd', 'nvme');

const group = fc.record({ medium, extents: fc.nat(12), ours: fc.nat(6), foreign: fc.nat(3), lag: fc.nat(2) });
const cluster = fc.tuple(...NAMES.map(() => fc.uniqueArray(group, { selector: (each) => each.medium })));
const ask = fc.record({ medium, bytes: fc.integer({ min: 1, max: 5 * EXTENT }) });
const earlier = fc.record({
  medium,
  bytes: fc.integer({ min: 1, max: 4 * EXTENT }),
  nodes: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1 }),
});
const pin = fc.option(fc.constantFrom(...NAMES), { nil: undefined });

type Group = typeof group extends fc.Arbitrary<infer T> ? T : never;
type Ask = typeof ask extends fc.Arbitrary<infer T> ? T : never;
type Earlier = typeof earlier extends fc.Arbitrary<infer T> ? T : never;

/** Takes extents one at a time until a volume is whole; says whether the group could give them. */
const fill = (free: number, asks: readonly Ask[]): boolean => {
  let rest = free;
  for (const { bytes } of asks) {
    for (let made = 0; made < bytes; made += EXTENT) rest -= 1;
  }
  return rest >= 0;
};

/** The report may be late by some extents of our own volumes; what is used is used all the same. */
const freeExtents = ({ extents, ours, foreign }: Group): number => Math.max(0, extents - ours - foreign);

const fits = (groups: readonly Group[], asks: readonly Ask[], there: readonly Ask[]): boolean =>
  (['hdd', 'ssd', 'nvme'] as const).every((each) => {
    const wanted = asks.filter((one) => one.medium === each);
    if (wanted.length === 0) return true;
    const found = groups.find((one) => one.medium === each);
    return found !== undefined && fill(freeExtents(found), [...there.filter((one) => one.medium === each), ...wanted]);
  });

/** All the ways in which the earlier pods can end up, each a node per pod. */
const outcomes = (pods: readonly Earlier[]): string[][] =>
  pods.reduce<string[][]>((all, { nodes }) => all.flatMap((way) => nodes.map((node) => [...way, node])), [[]]);

const stateOf = (name: string, groups: readonly Group[]): NodeState =>
  nodeState(name, {
    groups: Object.fromEntries(
      groups.map(({ medium: each, extents, ours, foreign, lag }) => {
        const size = extents * EXTENT;
        const free = Math.max(0, (extents - Math.max(0, ours - lag) - foreign) * EXTENT);
        const bytes = { extentSize: EXTENT, size, free, ours: ours * EXTENT, foreign: foreign * EXTENT };
        return [each, nvmeGroup({ medium: each, ...bytes })];
      }),
    ),
  });

const holdOf = ({ medium: each, bytes, nodes }: Earlier, index: number): Hold =>
  hold(`earlier-${index}`, nodes[0] ?? '', { medium: each, bytes, candidates: nodes });

it('finds exactly the nodes that a plain reference finds, and knows which stay good whatever earlier pods do', () => {
  fc.assert(
    fc.property(
      cluster,
      fc.array(ask, { minLength: 1, maxLength: 4 }),
      fc.array(earlier, { maxLength: 3 }),
      pin,
      (nodes, asks, pods, pinned) => {
        const given = options(NAMES.map((name, index) => stateOf(name, nodes[index] ?? [])));
        given.ledger.hold(pods.map(holdOf), 0);
        const demands = asks.map((each, index): Demand => demand(`claim-${index}`, each));
        const pins = pinned === undefined ? [] : [{ claimKey: 'prod/bound', node: pinned }];
        const { choices, refused } = judge(NAMES, question(demands, { pins }), given);

        const reachable = NAMES.filter((name) => pinned === undefined || name === pinned);
        const fitsAfter = (name: string, way: readonly string[]) =>
          fits(
            nodes[NAMES.indexOf(name)] ?? [],
            asks,
            pods.filter((_, index) => way[index] === name),
          );
        const predicted = pods.map((pod) => pod.nodes[0] ?? '');
        const expected = reachable.filter((name) => fitsAfter(name, predicted));
        expect(choices.map((choice) => choice.node.name).sort()).toEqual(expected);
        expect([...refused.keys()].sort()).toEqual(NAMES.filter((name) => !expected.includes(name)));
        for (const choice of choices) {
          expect(choice.sure).toBe(outcomes(pods).every((way) => fitsAfter(choice.node.name, way)));
        }
      },
    ),
    { numRuns: 500 },
  );
});
