import type { Plan } from '../action.ts';
import type { VolumeState } from '../volume-plan.ts';
import { aLogicalVolume, READY } from './builders.ts';

/** When the tests' plans are made. */
export const NOW = new Date('2026-01-01T00:00:00Z');

/** A volume that is ready, on a node that exists, with nothing else. */
export const volumeState = (changes: Partial<VolumeState>): VolumeState => ({
  logicalVolume: aLogicalVolume({ status: READY }),
  persistentVolume: undefined,
  claim: undefined,
  claimVanished: false,
  nodeExists: true,
  now: NOW,
  orphanGraceMs: 600_000,
  ...changes,
});

/** Each action as a word with what matters of it. */
export const volumeWords = (plan: Plan): readonly string[] =>
  plan.actions.map((action) => {
    if (action.kind === 'event') return `${action.type}:${action.reason}`;
    if (action.kind === 'setLogicalVolumeConditions') {
      return `say:${action.conditions.map(({ reason }) => reason).join()}`;
    }
    return action.kind === 'markLogicalVolume'
      ? `${action.time === undefined ? 'unmark' : 'mark'}:${action.mark.split('/')[1]}`
      : action.kind;
  });

/** A row of a table test: what differs from the plain state, and what is to be done. */
export type VolumeCase = readonly [name: string, changes: Partial<VolumeState>, expected: readonly string[]];
