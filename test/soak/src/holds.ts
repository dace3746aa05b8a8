import { findBrokenPromise, podSizes, worldSteps } from '@berth/extender/testing/interleaving';
import { findDisagreement, holdEvent, leftAfter } from '@berth/placement/testing/hold-events';
import fc from 'fast-check';
import { must, randomCampaign } from './random-campaign.ts';

const MILLION = 1_000_000;
const EVENTS = 400;
const STEPS = 300;

/** Room that is promised to pods: counted rightly, never twice, and given back. */
export const runHolds = randomCampaign('holds', [
  {
    name: `up to ${EVENTS} events against a plain reference`,
    property: fc.property(fc.array(holdEvent, { maxLength: EVENTS, size: 'max' }), (events) =>
      must(findDisagreement(events)),
    ),
  },
  {
    name: `up to ${STEPS} steps of a world that the extender sees late`,
    property: fc.asyncProperty(
      fc.tuple(podSizes, worldSteps(STEPS), fc.constantFrom(1, 3)),
      async ([sizes, steps, shortlist]) => must(await findBrokenPromise(sizes, steps, shortlist)),
    ),
  },
  {
    name: 'a million events that leave nothing',
    batch: 1,
    property: fc.property(fc.integer({ min: 0 }), (seed) => {
      const { left } = leftAfter(MILLION, seed);
      must(left === 0 ? undefined : `${left} entries are left`);
    }),
  },
]);
