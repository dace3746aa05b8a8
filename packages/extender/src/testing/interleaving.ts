import fc from 'fast-check';
import { COLLECTIONS, createWorld, HAPPENINGS, type Happening, NODE_GIB, NODES } from './world.ts';

type Collection = (typeof COLLECTIONS)[number];

/** What happens in the world, or is delivered of it: late, twice, or only as the list after a gap. */
export type WorldStep =
  | { readonly kind: 'happen'; readonly what: Happening; readonly index: number }
  | { readonly kind: 'deliver' | 'deliverTwice'; readonly collection: Collection; readonly count: number }
  | { readonly kind: 'gap'; readonly collection: Collection }
  | { readonly kind: 'restart' };

/** Sizes in GiB of the claims of each pod. */
export const podSizes = fc.array(fc.array(fc.integer({ min: 20, max: 70 }), { minLength: 1, maxLength: 2 }), {
  minLength: 4,
  size: 'max',
  maxLength: 9,
});

// What fills the nodes comes more often than what empties them: the rule is tested where room is short.
const common = fc.constantFrom<Happening>('decide', 'decide', 'select', 'make', 'report');
const what = fc.oneof({ weight: 4, arbitrary: common }, fc.constantFrom(...HAPPENINGS));
const collection = fc.constantFrom(...COLLECTIONS);
const kind = <K extends string>(name: K) => fc.constant(name);

const worldStep: fc.Arbitrary<WorldStep> = fc.oneof(
  { weight: 16, arbitrary: fc.record({ kind: kind('happen'), what, index: fc.nat(8) }) },
  { weight: 8, arbitrary: fc.record({ kind: kind('deliver'), collection, count: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('deliverTwice'), collection, count: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('gap'), collection }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('restart') }) },
);

export const worldSteps = (most: number) => fc.array(worldStep, { maxLength: most, size: 'max' });

export type World = ReturnType<typeof createWorld>;

export const take = async (world: World, step: WorldStep): Promise<void> => {
  if (step.kind === 'happen') await world.happen(step.what, step.index);
  else if (step.kind === 'restart') world.restart();
  else if (step.kind === 'gap') world.gap(step.collection);
  else world[step.kind](step.collection, step.count);
};

/** The first node that more is promised of than it has, as a sentence. `shortlist` nodes are offered at most. */
export const findBrokenPromise = async (
  sizes: readonly (readonly number[])[],
  steps: readonly WorldStep[],
  shortlist: number,
): Promise<string | undefined> => {
  const world = createWorld(sizes, shortlist);
  for (const [index, step] of steps.entries()) {
    await take(world, step);
    const broken = NODES.find((name) => world.promisedOn(name) > NODE_GIB);
    if (broken !== undefined) {
      return `after step ${index + 1} ${world.promisedOn(broken)} GiB of ${NODE_GIB} are promised on ${broken}`;
    }
  }
  return undefined;
};
