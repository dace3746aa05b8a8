import { expect, it } from 'vitest';
import { ORPHANED_SINCE, RETAINED_SINCE } from './mark.ts';
import { aLogicalVolume, failed, LONG_AGO, READY } from './testing/builders.ts';
import { stateOfVolume } from './volume-metrics.ts';

it.each([
  ['ready', aLogicalVolume({ status: READY })],
  ['pending', aLogicalVolume()],
  ['failed', aLogicalVolume({ status: failed('ResourceExhausted', 'full') })],
  ['orphaned', aLogicalVolume({ status: READY, annotations: { [ORPHANED_SINCE]: LONG_AGO } })],
  ['retained', aLogicalVolume({ status: READY, annotations: { [RETAINED_SINCE]: LONG_AGO } })],
  ['deleting', aLogicalVolume({ status: READY, deleting: true, annotations: { [ORPHANED_SINCE]: LONG_AGO } })],
] as const)('a volume counts as %s', (state, volume) => {
  expect(stateOfVolume(volume, true)).toBe(state);
});

it('a volume without its node counts as that, whatever else is true of it', () => {
  expect(stateOfVolume(aLogicalVolume({ status: READY, deleting: true }), false)).toBe('node-gone');
});
