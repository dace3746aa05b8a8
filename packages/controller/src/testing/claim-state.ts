import type { Plan } from '../action.ts';
import type { ClaimState } from '../claim-plan.ts';
import { aClaim, aClass, aNode, aPod, LONG_AGO } from './builders.ts';

/** When the tests' plans are made. */
export const NOW = new Date(LONG_AGO);

const room = (node: string, capacity: string) => ({
  storageClassName: 'fast',
  nodeTopology: { matchLabels: { 'topology.csi.storage.io/node': node } },
  capacity,
});

/** A claim that was just handed to us, on node a. */
export const claimState = (changes: Partial<ClaimState> = {}): ClaimState => ({
  claim: aClaim(),
  storageClass: aClass(),
  node: aNode(),
  logicalVolume: undefined,
  persistentVolume: undefined,
  pod: aPod(),
  place: () => ({ reason: 'nothing is placed here' }),
  roomFor: () => [room('a', '96Gi'), room('b', '20Gi')],
  now: NOW,
  ...changes,
});

/** Each action as one word, events with their type and reason. */
export const claimWords = (plan: Plan): readonly string[] =>
  plan.actions.map((action) => (action.kind === 'event' ? `${action.type}:${action.reason}` : action.kind));
