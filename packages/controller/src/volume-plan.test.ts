import { PERSISTENT_VOLUME_FINALIZER } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { describe, expect, it } from 'vitest';
import type { Plan } from './action.ts';
import { ORPHANED_SINCE, RETAINED_SINCE } from './mark.ts';
import { aClaim, aLogicalVolume, aPersistentVolume, LONG_AGO, READY, VOLUME } from './testing/builders.ts';
import { planVolume, type VolumeState } from './volume-plan.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const ready = aLogicalVolume({ status: READY });
const going = aLogicalVolume({ status: READY, deleting: true });
const boundClaim = aClaim({ spec: { volumeName: VOLUME } });

const state = (changes: Partial<VolumeState>): VolumeState => ({
  logicalVolume: ready,
  persistentVolume: undefined,
  claim: undefined,
  claimVanished: false,
  nodeExists: true,
  now: NOW,
  orphanGraceMs: 600_000,
  ...changes,
});

const words = (plan: Plan): readonly string[] =>
  plan.actions.map((action) => {
    if (action.kind === 'event') return `${action.type}:${action.reason}`;
    if (action.kind === 'setLogicalVolumeConditions') {
      return `say:${action.conditions.map(({ reason }) => reason).join()}`;
    }
    return action.kind === 'markLogicalVolume'
      ? `${action.time === undefined ? 'unmark' : 'mark'}:${action.mark.split('/')[1]}`
      : action.kind;
  });

type Case = readonly [name: string, changes: Partial<VolumeState>, expected: readonly string[]];

/** What the object says after the controller has told that it is an orphan since nine minutes. */
const said = (volume: LogicalVolume): LogicalVolume => {
  const message =
    'neither a claim nor a persistent volume has known this volume since 2025-12-31T23:51:00.000Z; it is deleted at 2026-01-01T00:01:00.000Z unless one appears';
  const condition = { type: 'Claimed', status: 'False', reason: 'Orphaned', message } as const;
  return { ...volume, status: { ...READY, conditions: [{ ...condition, lastTransitionTime: LONG_AGO }] } };
};

describe('a volume that was made by a call of the CSI Controller service', () => {
  const called = aLogicalVolume({ status: READY, managedByCsi: true });
  const built = aPersistentVolume({
    phase: 'Released',
    finalizers: ['external-provisioner.volume.kubernetes.io/finalizer'],
  });
  const csi = { driver: 'csi.storage.io', volumeHandle: VOLUME };
  const volumeAttributes = { 'storage.kubernetes.io/csiProvisionerIdentity': '1-csi.storage.io' };
  const sidecars = { ...built, spec: { ...built.spec, csi: { ...csi, volumeAttributes } } };
  const cases: readonly Case[] = [
    ['is no orphan without claim and persistent volume', { logicalVolume: called }, []],
    ['stays although its claim vanished', { logicalVolume: called, claimVanished: true }, []],
    ['stays although its persistent volume is released', { logicalVolume: called, persistentVolume: sidecars }, []],
    [
      'leaves its persistent volume to the sidecar when it is gone',
      { logicalVolume: undefined, persistentVolume: sidecars },
      [],
    ],
    [
      'is released like any other when its node is gone',
      { logicalVolume: aLogicalVolume({ deleting: true, managedByCsi: true }), nodeExists: false },
      ['releaseLogicalVolume'],
    ],
  ];
  it.each(cases)('%s', (_name, changes, expected) => {
    expect(words(planVolume(state(changes)))).toEqual(expected);
  });
});

describe('reclaim policy Delete', () => {
  const released = aPersistentVolume({ phase: 'Released' });
  const deleted = aPersistentVolume({ phase: 'Released', deleting: true });
  const cases: readonly Case[] = [
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
    expect(words(planVolume(state(changes)))).toEqual(expected);
  });
});

describe('reclaim policy Retain', () => {
  const deleted = aPersistentVolume({ policy: 'Retain', phase: 'Released', deleting: true });
  const retained = aLogicalVolume({ status: READY, annotations: { [RETAINED_SINCE]: '2025-01-01T00:00:00Z' } });
  const cases: readonly Case[] = [
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
    expect(words(planVolume(state(changes)))).toEqual(expected);
  });
});

describe('the node is gone', () => {
  const nodeExists = false;
  const cases: readonly Case[] = [
    ["the agent's finalizer is released (trap 85)", { logicalVolume: going, nodeExists }, ['releaseLogicalVolume']],
    [
      'the same, once: nothing is left to release (trap 86)',
      {
        logicalVolume: { ...going, metadata: { ...going.metadata, finalizers: [] } },
        nodeExists,
      },
      [],
    ],
    [
      'a volume that is not being deleted stays, and that is said where people look (trap 91)',
      { nodeExists, persistentVolume: aPersistentVolume(), claim: boundClaim },
      ['Warning:NodeGone', 'Warning:NodeGone'],
    ],
    ['the node exists: its agent has the last word', { logicalVolume: going }, []],
    [
      'released volumes go as on any node',
      { nodeExists, persistentVolume: aPersistentVolume({ phase: 'Released' }) },
      ['deleteLogicalVolume'],
    ],
  ];
  it.each(cases)('%s', (_name, changes, expected) => {
    expect(words(planVolume(state(changes)))).toEqual(expected);
  });
});

describe('a logical volume without a persistent volume', () => {
  const marked = (minutes: number) =>
    aLogicalVolume({
      status: READY,
      annotations: { [ORPHANED_SINCE]: new Date(NOW.getTime() - minutes * 60_000).toISOString() },
    });
  const cases: readonly Case[] = [
    ['with its claim: in the making', { claim: aClaim() }, []],
    [
      'that was marked, and its claim is there after all: the mark goes',
      { logicalVolume: marked(5), claim: aClaim() },
      ['unmark:orphaned-since'],
    ],
    ['that is being deleted: wait', { logicalVolume: going }, []],
    [
      'whose claim was deleted before it had a volume: goes at once (trap 83)',
      { claimVanished: true },
      ['deleteLogicalVolume'],
    ],
    [
      'never made, and without a claim that anybody saw go: is only marked, it may come from a backup',
      { logicalVolume: aLogicalVolume() },
      ['mark:orphaned-since'],
    ],
    ['without claim but made: is only marked (trap 90)', {}, ['mark:orphaned-since']],
    ['marked for less than the grace: its object says until when', { logicalVolume: marked(9) }, ['say:Orphaned']],
    ['marked, and its object says so: wait', { logicalVolume: said(marked(9)) }, []],
    [
      'whose object still says so, and whose claim is back: the mark goes first',
      { logicalVolume: said(marked(9)), claim: aClaim() },
      ['unmark:orphaned-since'],
    ],
    ['that is none any more: its object says so no longer', { logicalVolume: said(ready), claim: aClaim() }, ['say:']],
    [
      'marked for longer: goes, and that is said',
      { logicalVolume: marked(10) },
      ['Warning:Orphaned', 'deleteLogicalVolume'],
    ],
    [
      'with an unreadable mark: is marked anew',
      { logicalVolume: aLogicalVolume({ status: READY, annotations: { [ORPHANED_SINCE]: 'yesterday' } }) },
      ['mark:orphaned-since'],
    ],
  ];
  it.each(cases)('%s', (_name, changes, expected) => {
    expect(words(planVolume(state(changes)))).toEqual(expected);
  });

  it('is looked at again when the grace is over', () => {
    expect(planVolume(state({ logicalVolume: marked(9) })).againAfterMs).toBe(60_000);
    expect(planVolume(state({})).againAfterMs).toBe(600_000);
  });

  it('is nothing when it does not exist either', () => {
    expect(planVolume(state({ logicalVolume: undefined })).actions).toEqual([]);
  });
});

it('keeps the finalizer on every persistent volume that we make', () => {
  expect(aPersistentVolume().metadata?.finalizers).toEqual([PERSISTENT_VOLUME_FINALIZER]);
});
