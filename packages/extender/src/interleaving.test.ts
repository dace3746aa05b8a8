import fc from 'fast-check';
import { expect, it } from 'vitest';
import { COLLECTIONS, createWorld, HAPPENINGS, NODE_GIB, NODES } from './testing/world.ts';

const sizes = fc.array(fc.array(fc.integer({ min: 20, max: 70 }), { minLength: 1, maxLength: 2 }), {
  minLength: 3,
  size: 'max',
  maxLength: 7,
});

type World = ReturnType<typeof createWorld>;
type Step = (world: World) => Promise<void> | void;

const happening = fc.tuple(fc.constantFrom(...HAPPENINGS), fc.nat(6)).map(
  ([what, index]): Step =>
    (world) =>
      world.happen(what, index),
);
const delivery = fc.tuple(fc.constantFrom(...COLLECTIONS), fc.nat(3)).map(
  ([collection, count]): Step =>
    (world) =>
      world.deliver(collection, count),
);
const restart = fc.constant<Step>((world) => world.restart());

const steps = fc.array(
  fc.oneof({ weight: 8, arbitrary: happening }, { weight: 4, arbitrary: delivery }, { weight: 1, arbitrary: restart }),
  { maxLength: 80, size: 'max' },
);

it('never promises more than there is, in whatever order things happen and however late they are seen', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, steps, async (given, taken) => {
      const world = createWorld(given);
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
