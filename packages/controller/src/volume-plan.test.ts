import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { describe, expect, it } from 'vitest';
import { ORPHANED_SINCE } from './mark.ts';
import { aClaim, aLogicalVolume, aPersistentVolume, LONG_AGO, READY, VOLUME } from './testing/builders.ts';
import { NOW, type VolumeCase, volumeState, volumeWords } from './testing/volume-state.ts';
import { planVolume } from './volume-plan.ts';

const ready = aLogicalVolume({ status: READY });
const going = aLogicalVolume({ status: READY, deleting: true });
const boundClaim = aClaim({ spec: { volumeName: VOLUME } });

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
  const cases: readonly VolumeCase[] = [
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
    expect(volumeWords(planVolume(volumeState(changes)))).toEqual(expected);
  });
});

describe('the node is gone', () => {
  const nodeExists = false;
  const cases: readonly VolumeCase[] = [
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
    expect(volumeWords(planVolume(volumeState(changes)))).toEqual(expected);
  });
});

describe('a logical volume without a persistent volume', () => {
  const marked = (minutes: number) =>
    aLogicalVolume({
      status: READY,
      annotations: { [ORPHANED_SINCE]: new Date(NOW.getTime() - minutes * 60_000).toISOString() },
    });
  const cases: readonly VolumeCase[] = [
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
    expect(volumeWords(planVolume(volumeState(changes)))).toEqual(expected);
  });

  it('is looked at again when the grace is over', () => {
    expect(planVolume(volumeState({ logicalVolume: marked(9) })).againAfterMs).toBe(60_000);
    expect(planVolume(volumeState({})).againAfterMs).toBe(600_000);
  });

  it('is nothing when it does not exist either', () => {
    expect(planVolume(volumeState({ logicalVolume: undefined })).actions).toEqual([]);
  });
});
