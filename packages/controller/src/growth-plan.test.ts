import { PRE_RESIZE_CAPACITY_ANNOTATION } from '@berth/contract/names';
import { describe, expect, it } from 'vitest';
import { needsFreshState } from './action.ts';
import { type GrowthState, planGrowth } from './growth-plan.ts';
import { aClaim, aPersistentVolume } from './testing/builders.ts';
import { asking, growthState, growthWords, persistentVolume, refusing, step, volume } from './testing/growth-state.ts';

describe('a claim that asks for more', () => {
  const cases: readonly [name: string, changes: Partial<GrowthState>, expected: readonly string[]][] = [
    [
      'is marked, then its logical volume is asked to grow',
      {},
      ['claim ControllerResizeInProgress 20Gi', 'Normal:Resizing', 'resizeLogicalVolume 20Gi'],
    ],
    [
      'waits for the agent',
      { claim: asking('20Gi', step('ControllerResizeInProgress', '20Gi')), logicalVolume: volume('10Gi', '20Gi') },
      [],
    ],
    [
      'is marked although the logical volume is asked already, after somebody asked by hand',
      { logicalVolume: volume('10Gi', '20Gi') },
      ['claim ControllerResizeInProgress 20Gi', 'Normal:Resizing'],
    ],
    [
      'gets the size on disk into the persistent volume, and is left to kubelet',
      { claim: asking('20Gi', step('ControllerResizeInProgress', '20Gi')), logicalVolume: volume('20Gi') },
      ['resizePersistentVolume 20Gi', 'claim NodeResizePending 20Gi', 'Normal:FileSystemResizeRequired'],
    ],
    [
      'gets what it asked for first, and no more later, when it asked for too much in between',
      { claim: asking('20Gi', step('ControllerResizeInProgress', '50Gi')), logicalVolume: volume('20Gi', '50Gi') },
      [
        'resizeLogicalVolume 20Gi',
        'resizePersistentVolume 20Gi',
        'claim NodeResizePending 20Gi',
        'Normal:FileSystemResizeRequired',
      ],
    ],
    [
      'is not told twice when a crash came after the claim was told',
      { claim: asking('20Gi', step('ControllerResizeInProgress', '20Gi')) },
      ['resizeLogicalVolume 20Gi'],
    ],
    [
      'is left to kubelet when a crash came after the persistent volume was changed',
      {
        claim: asking('20Gi', step('ControllerResizeInProgress', '20Gi')),
        logicalVolume: volume('20Gi'),
        persistentVolume: persistentVolume('20Gi'),
      },
      ['claim NodeResizePending 20Gi', 'Normal:FileSystemResizeRequired'],
    ],
    [
      'waits for kubelet',
      {
        claim: asking('20Gi', step('NodeResizePending', '20Gi')),
        logicalVolume: volume('20Gi'),
        persistentVolume: persistentVolume('20Gi'),
      },
      [],
    ],
    [
      'and more again meanwhile, waits for kubelet first',
      {
        claim: asking('30Gi', step('NodeResizeInProgress', '20Gi')),
        logicalVolume: volume('20Gi'),
        persistentVolume: persistentVolume('20Gi'),
      },
      [],
    ],
    [
      'is offered to kubelet again when kubelet could not do it',
      {
        claim: asking('30Gi', step('NodeResizeInfeasible', '20Gi')),
        logicalVolume: volume('20Gi'),
        persistentVolume: persistentVolume('20Gi'),
      },
      ['claim NodeResizePending 20Gi', 'Normal:FileSystemResizeRequired'],
    ],
    [
      'for less after all, asks the agent for less',
      { claim: asking('15Gi', step('ControllerResizeInProgress', '90Gi')), logicalVolume: refusing('10Gi', '90Gi') },
      ['claim ControllerResizeInProgress 15Gi', 'Normal:Resizing', 'resizeLogicalVolume 15Gi'],
    ],
    [
      'and has it by rounding to whole extents, needs nothing (trap 19)',
      { claim: asking('10Gi', { capacity: { storage: '10244Mi' } }) },
      [],
    ],
    [
      'is not ours',
      { persistentVolume: { ...persistentVolume('10Gi'), spec: { csi: { driver: 'other', volumeHandle: 'x' } } } },
      [],
    ],
    ['has the volume of another claim', { persistentVolume: aPersistentVolume({ claimUid: 'other' }) }, []],
    ['is being deleted', { claim: { ...asking('20Gi'), metadata: aClaim({ deleting: true }).metadata ?? {} } }, []],
    ['whose volume is being deleted waits', { logicalVolume: volume('10Gi', '10Gi', { deleting: true }) }, []],
    ['whose logical volume is gone waits: that is told elsewhere', { logicalVolume: undefined }, []],
    [
      'of a volume that a sidecar makes grow waits',
      { logicalVolume: volume('10Gi', '10Gi', { managedByCsi: true }) },
      [],
    ],
  ];
  it.each(cases)('%s', (_name, changes, expected) => {
    const plan = planGrowth(growthState(changes));
    expect(growthWords(plan)).toEqual(expected);
    expect(needsFreshState(plan)).toBe(expected.length > 0);
  });

  it('is done when its volume is a raw block device that has grown (trap 64)', () => {
    const grown = volume('20Gi');
    const block = { ...grown, spec: { ...grown.spec, volumeMode: 'Block' as const } };
    const plan = planGrowth(growthState({ logicalVolume: block }));
    expect(growthWords(plan)).toEqual([
      'resizePersistentVolume 20Gi',
      'claim done 20Gi',
      'Normal:VolumeResizeSuccessful',
    ]);
    const [, patch] = plan.actions;
    expect(patch?.kind === 'patchClaimStatus' && patch.status).toMatchObject({ capacity: { storage: '20Gi' } });
  });

  it('keeps the size it had on the volume until it shows the new one', () => {
    const [grow] = planGrowth(growthState({ logicalVolume: volume('20Gi') })).actions;
    expect(grow?.kind === 'resizePersistentVolume' && grow.sizeBefore).toBe('10Gi');
    const after = planGrowth(
      growthState({
        claim: asking('20Gi', { capacity: { storage: '20Gi' } }),
        logicalVolume: volume('20Gi'),
        persistentVolume: persistentVolume('20Gi', { [PRE_RESIZE_CAPACITY_ANNOTATION]: '10Gi' }),
      }),
    );
    expect(growthWords(after)).toEqual(['resizePersistentVolume 20Gi']);
  });

  it('keeps the conditions of others', () => {
    const other = { type: 'ModifyingVolume', status: 'True' };
    const claim = asking('20Gi', { conditions: [other, { type: 'ControllerResizeError', status: 'True' }] });
    const [patch] = planGrowth(growthState({ claim })).actions;
    expect(patch?.kind === 'patchClaimStatus' && patch.status).toMatchObject({
      conditions: [other, { type: 'Resizing' }],
    });
  });
});
