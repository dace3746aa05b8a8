import { PRE_RESIZE_CAPACITY_ANNOTATION } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { PersistentVolumeClaim } from '@berth/kube/types';
import type { GroupState } from '@berth/placement/model';
import { describe, expect, it } from 'vitest';
import { needsFreshState, type Plan } from './action.ts';
import { type GrowthState, planGrowth } from './growth-plan.ts';
import { aClaim, aClass, aLogicalVolume, aPersistentVolume, READY, VOLUME } from './testing/builders.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const GiB = 1024 ** 3;

/** The claim of the builders, bound, showing 10 GiB, asking for more. */
const asking = (storage: string, status: PersistentVolumeClaim['status'] = {}): PersistentVolumeClaim => ({
  ...aClaim({ spec: { volumeName: VOLUME, resources: { requests: { storage } } } }),
  status: { phase: 'Bound', capacity: { storage: '10Gi' }, ...status },
});

const step = (name: string, allocated: string) => ({
  allocatedResources: { storage: allocated },
  allocatedResourceStatuses: { storage: name },
});

/** The logical volume on disk, and what its object asks for. */
const volume = (onDisk: string, asked = onDisk, changes: Parameters<typeof aLogicalVolume>[0] = {}): LogicalVolume => {
  const built = aLogicalVolume({ status: { ...READY, size: onDisk }, ...changes });
  return { ...built, spec: { ...built.spec, size: asked } };
};

const refusing = (onDisk: string, asked: string): LogicalVolume =>
  volume(onDisk, asked, {
    status: {
      ...READY,
      size: onDisk,
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'ResourceExhausted',
          message: 'csi-vg-nvme has 1 GiB free',
          lastTransitionTime: NOW.toISOString(),
        },
      ],
    },
  });

const persistentVolume = (storage: string, annotations?: Record<string, string>) => {
  const built = aPersistentVolume(annotations === undefined ? {} : { annotations });
  return { ...built, spec: { ...built.spec, capacity: { storage } } };
};

const group = (freeGiB: number): GroupState => ({
  medium: 'nvme',
  extentSize: 4 * 1024 ** 2,
  size: 100 * GiB,
  free: freeGiB * GiB,
  foreign: 0,
  reserve: 0,
  ours: (100 - freeGiB) * GiB,
});

const state = (changes: Partial<GrowthState>): GrowthState => ({
  claim: asking('20Gi'),
  storageClass: aClass({ allowVolumeExpansion: true }),
  persistentVolume: persistentVolume('10Gi'),
  logicalVolume: volume('10Gi'),
  group: group(50),
  now: NOW,
  ...changes,
});

/** Each action as a word with its size. */
const words = (plan: Plan): readonly string[] =>
  plan.actions.map((action) => {
    if (action.kind === 'event') return `${action.type}:${action.reason}`;
    if ('size' in action) return `${action.kind} ${action.size}`;
    if (action.kind !== 'patchClaimStatus') return action.kind;
    const { allocatedResourceStatuses, allocatedResources } = action.status as PersistentVolumeClaim['status'] & object;
    return `claim ${allocatedResourceStatuses?.storage ?? 'done'} ${allocatedResources?.storage}`;
  });

const message = (plan: Plan): string =>
  plan.actions.map((action) => (action.kind === 'event' ? action.message : '')).join('');

describe('a claim that asks for more', () => {
  const cases: readonly [name: string, changes: Partial<GrowthState>, expected: readonly string[]][] = [
    [
      'is marked, then its logical volume is asked to grow',
      {},
      ['claim ControllerResizeInProgress 20Gi', 'resizeLogicalVolume 20Gi', 'Normal:Resizing'],
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
      ['claim ControllerResizeInProgress 15Gi', 'resizeLogicalVolume 15Gi', 'Normal:Resizing'],
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
    const plan = planGrowth(state(changes));
    expect(words(plan)).toEqual(expected);
    expect(needsFreshState(plan)).toBe(expected.length > 0);
  });

  it('is done when its volume is a raw block device that has grown (trap 64)', () => {
    const grown = volume('20Gi');
    const block = { ...grown, spec: { ...grown.spec, volumeMode: 'Block' as const } };
    const plan = planGrowth(state({ logicalVolume: block }));
    expect(words(plan)).toEqual(['resizePersistentVolume 20Gi', 'claim done 20Gi', 'Normal:VolumeResizeSuccessful']);
    const [, patch] = plan.actions;
    expect(patch?.kind === 'patchClaimStatus' && patch.status).toMatchObject({ capacity: { storage: '20Gi' } });
  });

  it('keeps the size it had on the volume until it shows the new one', () => {
    const [grow] = planGrowth(state({ logicalVolume: volume('20Gi') })).actions;
    expect(grow?.kind === 'resizePersistentVolume' && grow.sizeBefore).toBe('10Gi');
    const after = planGrowth(
      state({
        claim: asking('20Gi', { capacity: { storage: '20Gi' } }),
        logicalVolume: volume('20Gi'),
        persistentVolume: persistentVolume('20Gi', { [PRE_RESIZE_CAPACITY_ANNOTATION]: '10Gi' }),
      }),
    );
    expect(words(after)).toEqual(['resizePersistentVolume 20Gi']);
  });

  it('keeps the conditions of others', () => {
    const other = { type: 'ModifyingVolume', status: 'True' };
    const claim = asking('20Gi', { conditions: [other, { type: 'ControllerResizeError', status: 'True' }] });
    const [patch] = planGrowth(state({ claim })).actions;
    expect(patch?.kind === 'patchClaimStatus' && patch.status).toMatchObject({
      conditions: [other, { type: 'Resizing' }],
    });
  });
});

describe('a claim that asks for more than there is', () => {
  const infeasible = (storage: string, text: string, at = NOW) =>
    asking(storage, {
      ...step('ControllerResizeInfeasible', storage),
      conditions: [
        { type: 'ControllerResizeError', status: 'True', message: text, lastTransitionTime: at.toISOString() },
      ],
    });

  it('is told the numbers, and nothing else changes', () => {
    const plan = planGrowth(state({ claim: asking('90Gi') }));
    expect(words(plan)).toEqual(['claim ControllerResizeInfeasible 90Gi', 'Warning:VolumeResizeFailed']);
    expect(message(plan)).toBe(
      'node a has no room on its nvme disks: 80 GiB more are needed, 50 GiB of 100 GiB are free; ask for 60 GiB or less, or wait',
    );
  });

  it('is told of single disks where its volume lies on several', () => {
    const built = volume('10Gi');
    const logicalVolume = { ...built, spec: { ...built.spec, layout: 'raid1' as const } };
    const disks = { ...group(50), diskFree: [40 * GiB, 10 * GiB] };
    const plan = (storage: string) => planGrowth(state({ claim: asking(storage), logicalVolume, group: disks }));
    expect(message(plan('22Gi'))).toBe(
      'node a has no room on its nvme disks: a volume that is raid1 needs 2 disks with 12 GiB more each, of 2 disks 1 has that and no other volume is promised it; ask for 20 GiB or less, or wait',
    );
    expect(message(plan('40Gi'))).toContain(
      '60 GiB more are needed, 50 GiB of 100 GiB are free; ask for 20 GiB or less',
    );
    expect(words(plan('20Gi'))).toContain('resizeLogicalVolume 20Gi');
  });

  it('is not given disks that a volume to come needs', () => {
    const coming = [{ sizeBytes: 20 * GiB, takenBytes: 40 * GiB, disks: 2, diskBytes: 20 * GiB }];
    const disks = { ...group(75), ours: 65 * GiB, diskFree: [50 * GiB, 25 * GiB], coming };
    expect(message(planGrowth(state({ claim: asking('20Gi'), group: disks })))).toContain(
      'volumes that are still to be made need 2 disks with 20 GiB free each, which growing could take; ask for 15',
    );
    const old = { ...disks, diskFree: undefined };
    expect(words(planGrowth(state({ claim: asking('20Gi'), group: old })))).toContain('resizeLogicalVolume 20Gi');
  });

  it('is told once', () => {
    const text = message(planGrowth(state({ claim: asking('90Gi') })));
    expect(words(planGrowth(state({ claim: infeasible('90Gi', text) })))).toEqual([]);
  });

  it('may ask for exactly what there is', () => {
    expect(words(planGrowth(state({ claim: asking('60Gi') })))).toContain('resizeLogicalVolume 60Gi');
  });

  it('is told what the agent says, and the agent is not asked any more', () => {
    const claim = asking('20Gi', step('ControllerResizeInProgress', '20Gi'));
    const plan = planGrowth(state({ claim, logicalVolume: refusing('10Gi', '20Gi') }));
    expect(words(plan)).toEqual([
      'claim ControllerResizeInfeasible 20Gi',
      'Warning:VolumeResizeFailed',
      'resizeLogicalVolume 10Gi',
    ]);
    expect(message(plan)).toBe('node a cannot: csi-vg-nvme has 1 GiB free');
  });

  it('does not count what the agent said about an earlier size', () => {
    const late = refusing('10Gi', '20Gi');
    const conditions = late.status?.conditions?.map((condition) => ({ ...condition, observedGeneration: 1 })) ?? [];
    const logicalVolume = {
      ...late,
      metadata: { ...late.metadata, generation: 2 },
      status: { ...late.status, conditions },
    };
    const claim = asking('20Gi', step('ControllerResizeInProgress', '20Gi'));
    expect(words(planGrowth(state({ claim, logicalVolume })))).toEqual([]);
  });

  it('is tried again after a minute, when the report promises room that the agent did not find', () => {
    const claim = infeasible('20Gi', 'node a cannot', new Date(NOW.getTime() - 20_000));
    expect(planGrowth(state({ claim }))).toEqual({ actions: [], againAfterMs: 40_000 });
    const later = state({ claim, now: new Date(NOW.getTime() + 40_000) });
    expect(words(planGrowth(later))).toContain('resizeLogicalVolume 20Gi');
  });

  it('is tried at once when it asks for something else', () => {
    const claim = { ...infeasible('90Gi', 'no room'), spec: asking('20Gi').spec ?? {} };
    expect(words(planGrowth(state({ claim })))).toContain('resizeLogicalVolume 20Gi');
  });

  it('is refused when its class does not let volumes grow', () => {
    const plan = planGrowth(state({ storageClass: aClass() }));
    expect(words(plan)).toEqual(['claim ControllerResizeInfeasible 20Gi', 'Warning:VolumeResizeFailed']);
    expect(message(plan)).toMatch(/StorageClass fast does not allow volumes to grow; set allowVolumeExpansion: true/);
  });
});
