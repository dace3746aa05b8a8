import fc from 'fast-check';
import { expect, it } from 'vitest';
import { must, randomCampaign } from './random-campaign.ts';

const bed = { signal: new AbortController().signal } as never;
const options = { seed: 1, path: undefined, minutes: 0, bed, say: () => {} };

const good = { name: 'number', property: fc.property(fc.nat(), () => {}) };
const bad = {
  name: 'small number',
  property: fc.property(fc.nat(), (number) => must(number < 1000 ? undefined : `${number} is not small`)),
};

it('ends when the time is over and says what was tried', async () => {
  expect(await randomCampaign('numbers', [good])(options)).toEqual({ done: '25 × number', failure: undefined });
});

it('tells the shortest input that breaks a rule, and how to try it again', async () => {
  const campaign = randomCampaign('numbers', [good, bad]);
  const { failure = '' } = await campaign({ ...options, minutes: 1 });
  expect(failure).toContain('small number: Error: 1000 is not small');
  const [, seed, path] = /again: npm run soak -- numbers --seed (\d+) --path (\S+)$/.exec(failure) ?? [];
  const again = await campaign({ ...options, seed: Number(seed), path });
  expect(again.done).toBe('0 × number, 1 × small number');
  expect(again.failure).toContain('1000 is not small');
});

it('refuses a path that names no rule', async () => {
  await expect(randomCampaign('numbers', [good])({ ...options, path: '7/0' })).rejects.toThrow('number of a rule');
});
