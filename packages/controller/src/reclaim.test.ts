import { PERSISTENT_VOLUME_FINALIZER } from '@berth/contract/names';
import { describe, expect, it } from 'vitest';
import { RETAINED_SINCE } from './mark.ts';
import { aClaim, aLogicalVolume, aPersistentVolume, LONG_AGO, READY, VOLUME } from './testing/builders.ts';
import { type VolumeCase, volumeState, volumeWords } from './testing/volume-state.ts';
import { planVolume } from './volume-plan.ts';

const going = aLogicalVolume({ status: READY, deleting: true });
const boundClaim = aClaim({ spec: { volumeName: VOLUME } });

describe('reclaim policy Delete', () => {
  const released = aPersistentVolume({ phase: 'Released' });
  const deleted = aPersistentVolume({ phase: 'Released', deleting: true });
  const cases: readonly VolumeCase[] = [
    ['in use: nothing', { persistentVolume: aPersistentVolume(), claim: boundClaim }, []],
    ['released: the logical volume goes first', { persistentVolume: released }, ['deleteLogicalVolume']],
    [
      'released, the logical volume is going: wait',
      { persistentVolume: released, logicalVolume: going, now: new Date(LONG_AGO) },
      [],
    ],
    [
      'released, the agent does not remove the logical volume: that is said, and nothing is done in its place (trap 91)',
      { persistentVolume: released, logicalVolume: going },
      ['Warning:RemovalDelayed'],
    ],
    [
      'released, the logical volume is gone: the persistent volume goes',
      { persistentVolume: released, logicalVolume: undefined },
      ['deletePersistentVolume'],
    ],
    [
      'the persistent volume is going: our finalizer is the last',
      { persistentVolume: deleted, logicalVolume: undefined },
      ['releasePersistentVolume'],
    ],
    [
      'deleted by hand after the claim: the logical volume goes first',
      { persistentVolume: deleted },
      ['deleteLogicalVolume'],
    ],
    [
      'deleted by hand while the claim is bound: wait',
      { persistentVolume: aPersistentVolume({ deleting: true }), claim: boundClaim },
      [],
    ],
    [
      'deleted by hand while the binding is half done: wait',
      { persistentVolume: aPersistentVolume({ deleting: true }), claim: aClaim() },
      [],
    ],
    [
      'deleted by hand before the binding began: the logical volume goes',
      { persistentVolume: aPersistentVolume({ deleting: true, phase: 'Available' }), claim: aClaim() },
      ['deleteLogicalVolume'],
    ],
    [
      'released because the claim is bound to another volume: the logical volume goes',
      { persistentVolume: released, claim: aClaim({ spec: { volumeName: 'other' } }) },
      ['deleteLogicalVolume'],
    ],
    [
      'the claim says bound although the volume says released: wait for them to agree',
      { persistentVolume: released, claim: boundClaim },
      [],
    ],
    [
      'made by hand for our driver: not ours to delete',
      { persistentVolume: aPersistentVolume({ phase: 'Released', annotations: {}, finalizers: [] }) },
      [],
    ],
    [
      'without our finalizer: nothing to hold back',
      { persistentVolume: aPersistentVolume({ deleting: true, phase: 'Released', finalizers: ['other/one'] }) },
      [],
    ],
    [
      'the logical volume was deleted under it: that is said',
      { persistentVolume: aPersistentVolume(), claim: boundClaim, logicalVolume: undefined },
      ['Warning:VolumeLost'],
    ],
  ];
  it.each(cases)('%s', (_name, changes, expected) => {
    expect(volumeWords(planVolume(volumeState(changes)))).toEqual(expected);
  });
});

describe('reclaim policy Retain', () => {
  const deleted = aPersistentVolume({ policy: 'Retain', phase: 'Released', deleting: true });
  const retained = aLogicalVolume({ status: READY, annotations: { [RETAINED_SINCE]: '2025-01-01T00:00:00Z' } });
  const cases: readonly VolumeCase[] = [
    [
      'released: everything stays',
      { persistentVolume: aPersistentVolume({ policy: 'Retain', phase: 'Released' }) },
      [],
    ],
    [
      'the persistent volume is deleted: the logical volume is marked and stays (trap 84)',
      { persistentVolume: deleted },
      ['mark:retained-since', 'releasePersistentVolume'],
    ],
    [
      'the mark is there already: only the finalizer goes',
      { persistentVolume: deleted, logicalVolume: retained },
      ['releasePersistentVolume'],
    ],
    [
      'the logical volume is gone: the finalizer goes (trap 84)',
      { persistentVolume: deleted, logicalVolume: undefined },
      ['releasePersistentVolume'],
    ],
    ['marked as retained: never an orphan, and its object says so', { logicalVolume: retained }, ['say:Retained']],
    [
      'adopted by a new persistent volume: the mark goes',
      { logicalVolume: retained, persistentVolume: aPersistentVolume() },
      ['unmark:retained-since'],
    ],
  ];
  it.each(cases)('%s', (_name, changes, expected) => {
    expect(volumeWords(planVolume(volumeState(changes)))).toEqual(expected);
  });
});

it('keeps the finalizer on every persistent volume that we make', () => {
  expect(aPersistentVolume().metadata?.finalizers).toEqual([PERSISTENT_VOLUME_FINALIZER]);
});
