import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findBrokenPromise, podSizes, take, worldSteps } from './testing/interleaving.ts';
import { COLLECTIONS, createWorld } from './testing/world.ts';

const steps = worldSteps(80);

it.each([
  ['one node is offered', 1],
  ['three nodes are offered, and any of them is taken', 3],
])('never promises more than there is, however late, often or lost what happens is seen: %s', async (_, shortlist) => {
  await fc.assert(
    fc.asyncProperty(podSizes, steps, async (given, taken) => {
      expect(await findBrokenPromise(given, taken, shortlist)).toBeUndefined();
    }),
    { numRuns: 200 },
  );
});

it('holds nothing any more when all pods and claims are gone', async () => {
  await fc.assert(
    fc.asyncProperty(podSizes, steps, async (given, taken) => {
      const world = createWorld(given);
      for (const step of taken) await take(world, step);
      for (const index of world.actors.keys()) await world.happen('delete', index);
      for (const collection of COLLECTIONS) world.deliver(collection, Number.POSITIVE_INFINITY);
      expect(world.holds()).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
