import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge } from './place.ts';
import { wireScore } from './score.ts';
import { demand, GiB, nodeState, nvmeGroup, options, question } from './testing.ts';

const nodes = fc.array(
  fc.record({
    rack: fc.option(fc.constantFrom('r1', 'r2', 'r3'), { nil: undefined }),
    size: fc.integer({ min: 0, max: 200 }),
    ours: fc.integer({ min: 0, max: 200 }),
    busy: fc.option(fc.constantFrom(0, 0.3, 1), { nil: undefined }),
    reserve: fc.integer({ min: 0, max: 5 }),
  }),
  { minLength: 1, maxLength: 8 },
);
const members = fc.array(
  fc.record({ member: fc.constantFrom('m1', 'm2', 'm3'), node: fc.constantFrom('n0', 'n1', 'x') }),
);
const demands = fc.array(
  fc.record({
    bytes: fc.integer({ min: 1, max: 80 * GiB }),
    policy: fc.constantFrom('spread' as const, 'concentrated' as const),
    rackSpread: fc.constantFrom('preferred' as const, 'required' as const),
  }),
  { maxLength: 3 },
);
const weights = fc.record({ rack: fc.nat(9), host: fc.nat(9), room: fc.nat(9), load: fc.nat(9) });

describe('score', () => {
  it('is an integer 0..10 whatever it is made from (trap 79)', () => {
    expect([Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 0.449, 1, 7].map(wireScore)).toEqual([0, 0, 0, 0, 4, 10, 10]);
  });

  it('stays in range, and the same input gives the same answer', () => {
    fc.assert(
      fc.property(nodes, members, demands, weights, (given, around, asked, weighed) => {
        const states = given.map(({ rack, size, ours, reserve, busy }, index) =>
          nodeState(`n${index}`, {
            rack,
            groups: { nvme: nvmeGroup({ size: size * GiB, ours: ours * GiB, reserve: reserve * GiB, busy }) },
          }),
        );
        const pod = question(
          asked.map((change, index) => demand(`c${index}`, change)),
          { application: 'es' },
        );
        const ask = () =>
          judge(
            states.map((state) => state.name),
            pod,
            { ...options(states, around), weights: weighed },
          );
        const first = ask();
        const { choices, refused } = first;
        expect(choices.length + refused.size).toBe(states.length);
        for (const { score } of choices) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1 + 1e-9);
          expect(Number.isInteger(wireScore(score))).toBe(true);
        }
        expect(ask()).toEqual(first);
      }),
    );
  });

  it('puts nodes with leftovers of the application last, in the order they would have among themselves', () => {
    fc.assert(
      fc.property(nodes, members, fc.subarray(['n0', 'n1', 'n2']), (given, around, leftOn) => {
        const states = given.map(({ rack, size, busy }, index) =>
          nodeState(`n${index}`, { rack, groups: { nvme: nvmeGroup({ size: size * GiB, busy }) } }),
        );
        const pod = question([demand('c', { bytes: GiB })], { application: 'es' });
        const asked = options(states, around);
        const order = (leftovers: readonly string[]) => {
          const landscape = {
            ...asked.landscape,
            leftovers: () => leftovers.map((node) => ({ member: 'gone', node })),
          };
          const all = states.map((state) => state.name);
          return judge(all, pod, { ...asked, landscape }).choices.map((choice) => choice.node.name);
        };
        const usual = order([]);
        const [clean, left] = [
          usual.filter((name) => !leftOn.includes(name)),
          usual.filter((name) => leftOn.includes(name)),
        ];
        expect(order(leftOn)).toEqual([...clean, ...left]);
      }),
    );
  });

  it('capacity is monotonic: more room never turns a yes into a no', () => {
    fc.assert(
      fc.property(nodes, fc.integer({ min: 1, max: 90 }), fc.integer({ min: 0, max: 50 }), (given, asked, more) => {
        const fitting = (extra: number) => {
          const states = given.map(({ size, ours }, index) =>
            nodeState(`n${index}`, { groups: { nvme: nvmeGroup({ size: (size + extra) * GiB, ours: ours * GiB }) } }),
          );
          const pod = question([demand('c', { bytes: asked * GiB })]);
          return judge(
            states.map((state) => state.name),
            pod,
            options(states),
          ).choices.map((choice) => choice.node.name);
        };
        expect(fitting(more)).toEqual(expect.arrayContaining(fitting(0)));
      }),
    );
  });
});
