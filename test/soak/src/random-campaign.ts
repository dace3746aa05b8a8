import fc from 'fast-check';
import type { Campaign } from './campaign.ts';

/** A rule that has to hold for whatever random input it is given. */
export interface Rule {
  readonly name: string;
  readonly property: fc.IRawProperty<unknown>;
  /** Runs between two looks at the time; 25 when absent. */
  readonly batch?: number;
}

const BATCH = 25;
const LINE_MS = 10_000;

/**
 * Tries rules in turns until the time is over or one is broken; then with the shortest input that breaks it. Every turn has its own
 * seed, counted up from the campaign's, so that a failure is seen again at once.
 */
export const randomCampaign =
  (campaign: string, rules: readonly Rule[]): Campaign =>
  async ({ seed: firstSeed, path, minutes, say, bed }) => {
    const endMs = performance.now() + minutes * 60_000;
    const runs = new Map(rules.map(({ name }) => [name, 0]));
    let spokenMs = performance.now();
    for (const { seed, index, rule } of turnsFrom(firstSeed, rules, path)) {
      const details = await fc.check(rule.property, parametersOf(rule, seed, path));
      runs.set(rule.name, (runs.get(rule.name) ?? 0) + details.numRuns);
      if (details.failed) return { done: summary(runs), failure: describe(campaign, { index, ...rule }, details) };
      const nowMs = performance.now();
      if (bed.signal.aborted || nowMs >= endMs) break;
      if (nowMs - spokenMs < LINE_MS) continue;
      say(`${summary(runs)}, seed ${seed}`);
      spokenMs = nowMs;
    }
    return { done: summary(runs), failure: undefined };
  };

/** All rules with one seed, then with the next, for ever; with a path its one rule once. */
function* turnsFrom(firstSeed: number, rules: readonly Rule[], path: string | undefined) {
  if (path !== undefined) {
    const [index, rule] = ruleOf(path, rules);
    yield { seed: firstSeed, index, rule };
    return;
  }
  for (let seed = firstSeed; ; seed += 1) for (const [index, rule] of rules.entries()) yield { seed, index, rule };
}

/** A path is the number of the rule, a slash, and the path of fast-check. */
const ruleOf = (path: string, rules: readonly Rule[]): [number, Rule] => {
  const index = Number(path.split('/')[0]);
  const rule = rules[index];
  if (rule === undefined) throw new Error(`the path "${path}" does not begin with the number of a rule and a slash`);
  return [index, rule];
};

const parametersOf = ({ batch = BATCH }: Rule, seed: number, path: string | undefined): fc.Parameters<unknown> => ({
  seed,
  numRuns: batch,
  ...(path !== undefined && { path: path.slice(path.indexOf('/') + 1) }),
});

const summary = (runs: ReadonlyMap<string, number>): string =>
  [...runs].map(([name, count]) => `${count.toLocaleString('en')} × ${name}`).join(', ');

const describe = (
  campaign: string,
  { index, name }: { readonly index: number; readonly name: string },
  details: fc.RunDetails<unknown>,
): string =>
  [
    `${name}: ${String(details.errorInstance)}`,
    `shortest input, after ${details.numShrinks} shrinks: ${fc.stringify(details.counterexample)}`,
    `again: npm run soak -- ${campaign} --seed ${details.seed} --path ${index}/${details.counterexamplePath}`,
  ].join('\n');

/** Throws a rule's sentence; for use at the end of a property. */
export const must = (wrong: string | undefined): void => {
  if (wrong !== undefined) throw new Error(wrong);
};
