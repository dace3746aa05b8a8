import type { Plan } from '../action.ts';
import type { ClaimState } from '../claim-plan.ts';
import { aClaim, aClass, aNode, aPod, LONG_AGO } from './builders.ts';

/** When the tests' plans are made. */
export const NOW = new Date(LONG_AGO);

/** Room for one claim on the roomiest node. */
const MOST_BYTES = 96 * 1024 ** 3;

/** A claim that was just handed to us, on node a. */
export const claimState = (changes: Partial<ClaimState> = {}): ClaimState => ({
  claim: aClaim(),
  storageClass: aClass(),
  node: aNode(),
  logicalVolume: undefined,
  persistentVolume: undefined,
  pod: aPod(),
  place: () => ({ reason: 'nothing is placed here' }),
  noRoom: ({ request }) => (request.bytes > MOST_BYTES ? 'No node has room' : undefined),
  now: NOW,
  ...changes,
});

/** Each action as one word, events with their type and reason. */
export const claimWords = (plan: Plan): readonly string[] =>
  plan.actions.map((action) => (action.kind === 'event' ? `${action.type}:${action.reason}` : action.kind));
