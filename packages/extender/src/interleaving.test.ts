import fc from 'fast-check';
import { expect, it } from 'vitest';
import { COLLECTIONS, createWorld, HAPPENINGS, type Happening, NODE_GIB, NODES } from './testing/world.ts';

const sizes = fc.array(fc.array(fc.integer({ min: 20, max: 70 }), { minLength: 1, maxLength: 2 }), {
  minLength: 4,
  size: 'max',
  maxLength: 9,
});

type World = ReturnType<typeof createWorld>;
type Step = (world: World) => Promise<void> | void;

// What fills the nodes comes more often than what empties them: the rule is tested where room is short.
const common = fc.constantFrom<Happening>('decide', 'decide', 'select', 'make', 'report');
const happening = fc.tuple(fc.oneof({ weight: 4, arbitrary: common }, fc.constantFrom(...HAPPENINGS)), fc.nat(8)).map(
  ([what, index]): Step =>
    (world) =>
      world.happen(what, index),
);
const delivery = fc.tuple(fc.constantFrom(...COLLECTIONS), fc.nat(3)).map(
  ([collection, count]): Step =>
    (world) =>
      world.deliver(collection, count),
);
const repetition = fc.tuple(fc.constantFrom(...COLLECTIONS), fc.nat(3)).map(
  ([collection, count]): Step =>
    (world) =>
      world.deliverTwice(collection, count),
);
const gap = fc.constantFrom(...COLLECTIONS).map(
  (collection): Step =>
    (world) =>
      world.gap(collection),
);
const restart = fc.constant<Step>((world) => world.restart());

const steps = fc.array(
  fc.oneof(
    { weight: 16, arbitrary: happening },
    { weight: 8, arbitrary: delivery },
    { weight: 2, arbitrary: repetition },
    { weight: 1, arbitrary: gap },
    { weight: 1, arbitrary: restart },
  ),
  { maxLength: 80, size: 'max' },
);

it.each([
  ['one node is offered', 1],
  ['three nodes are offered, and any of them is taken', 3],
])('never promises more than there is, however late, often or lost what happens is seen: %s', async (_, shortlist) => {
  await fc.assert(
    fc.asyncProperty(sizes, steps, async (given, taken) => {
      const world = createWorld(given, shortlist);
      for (const step of taken) {
        await step(world);
        for (const name of NODES) expect(world.promisedOn(name)).toBeLessThanOrEqual(NODE_GIB);
      }
    }),
    { numRuns: 200 },
  );
});

it('holds nothing any more when all pods and claims are gone', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, steps, async (given, taken) => {
      const world = createWorld(given);
      for (const step of taken) await step(world);
      for (const index of world.actors.keys()) await world.happen('delete', index);
      for (const collection of COLLECTIONS) world.deliver(collection, Number.POSITIVE_INFINITY);
      expect(world.holds()).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
