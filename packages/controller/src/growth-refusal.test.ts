import type { PersistentVolumeClaim } from '@berth/kube/types';
import { describe, expect, it } from 'vitest';
import type { Plan } from './action.ts';
import { planGrowth } from './growth-plan.ts';
import { aClass } from './testing/builders.ts';
import { asking, GiB, group, growthState, growthWords, NOW, refusing, step, volume } from './testing/growth-state.ts';
import { message } from './testing/plan-message.ts';

describe('a claim that asks for more than there is', () => {
  /** As it is after this plan of ours, which refused. */
  const after = (plan: Plan, storage: string) => {
    const patch = plan.actions.find((action) => action.kind === 'patchClaimStatus');
    if (patch === undefined) throw new Error('the plan leaves the claim as it is');
    return asking(storage, patch.status as NonNullable<PersistentVolumeClaim['status']>);
  };
  const seconds = (count: number) => new Date(NOW.getTime() + count * 1_000);
  /** The claim after the agent refused it 20 GiB. */
  const refusedByAgent = () => {
    const claim = asking('20Gi', step('ControllerResizeInProgress', '20Gi'));
    return after(planGrowth(growthState({ claim, logicalVolume: refusing('10Gi', '20Gi') })), '20Gi');
  };

  it('is told the numbers, and nothing else changes', () => {
    const plan = planGrowth(growthState({ claim: asking('90Gi') }));
    expect(growthWords(plan)).toEqual(['claim ControllerResizeInfeasible 90Gi', 'Warning:VolumeResizeFailed']);
    expect(message(plan)).toBe(
      'node a has no room on its nvme disks: 80 GiB more are needed, 50 GiB of 100 GiB are free; ask for 60 GiB or less, or wait',
    );
  });

  it('is told of single disks where its volume lies on several', () => {
    const built = volume('10Gi');
    const logicalVolume = { ...built, spec: { ...built.spec, layout: 'raid1' as const } };
    const disks = { ...group(50), diskFree: [40 * GiB, 10 * GiB] };
    const plan = (storage: string) => planGrowth(growthState({ claim: asking(storage), logicalVolume, group: disks }));
    expect(message(plan('22Gi'))).toBe(
      'node a has no room on its nvme disks: a volume that is raid1 needs 2 disks with 12 GiB more each, of 2 disks 1 has that and no other volume is promised it; ask for 20 GiB or less, or wait',
    );
    expect(message(plan('40Gi'))).toContain(
      '60 GiB more are needed, 50 GiB of 100 GiB are free; ask for 20 GiB or less',
    );
    expect(growthWords(plan('20Gi'))).toContain('resizeLogicalVolume 20Gi');
  });

  it('is not given disks that a volume to come needs', () => {
    const coming = [{ sizeBytes: 20 * GiB, takenBytes: 40 * GiB, disks: 2, diskBytes: 20 * GiB }];
    const disks = { ...group(35), diskFree: [50 * GiB, 25 * GiB], coming };
    expect(message(planGrowth(growthState({ claim: asking('20Gi'), group: disks })))).toContain(
      'volumes that are still to be made need 2 disks with 20 GiB free each, which growing could take; ask for 15',
    );
    const old = { ...disks, diskFree: undefined };
    expect(growthWords(planGrowth(growthState({ claim: asking('20Gi'), group: old })))).toContain(
      'resizeLogicalVolume 20Gi',
    );
  });

  it('is told once', () => {
    const told = planGrowth(growthState({ claim: asking('90Gi') }));
    expect(growthWords(planGrowth(growthState({ claim: after(told, '90Gi'), now: seconds(1) })))).toEqual([]);
  });

  it('may ask for exactly what there is', () => {
    expect(growthWords(planGrowth(growthState({ claim: asking('60Gi') })))).toContain('resizeLogicalVolume 60Gi');
  });

  it('is told what the agent says, and the agent is not asked any more', () => {
    const claim = asking('20Gi', step('ControllerResizeInProgress', '20Gi'));
    const plan = planGrowth(growthState({ claim, logicalVolume: refusing('10Gi', '20Gi') }));
    expect(growthWords(plan)).toEqual([
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
    expect(growthWords(planGrowth(growthState({ claim, logicalVolume })))).toEqual([]);
  });

  it('is tried again after a minute, when the report promises room that the agent did not find', () => {
    const claim = refusedByAgent();
    expect(planGrowth(growthState({ claim, now: seconds(20) }))).toEqual({ actions: [], againAfterMs: 40_000 });
    expect(growthWords(planGrowth(growthState({ claim, now: seconds(60) })))).toContain('resizeLogicalVolume 20Gi');
  });

  it('waits out that minute also when the report promises no room in between', () => {
    const claim = refusedByAgent();
    const plan = planGrowth(growthState({ claim, group: group(5), now: seconds(20) }));
    expect(plan).toEqual({ actions: [], againAfterMs: 40_000 });
    const late = planGrowth(growthState({ claim, group: group(5), now: seconds(60) }));
    expect(message(late)).toContain('10 GiB more are needed, 5 GiB of 100 GiB are free');
  });

  it('grows at once when room appears that the report did not promise before', () => {
    const refused = planGrowth(growthState({ group: group(5) }));
    expect(growthWords(refused)).toContain('claim ControllerResizeInfeasible 20Gi');
    const state = growthState({ claim: after(refused, '20Gi'), group: group(10), now: seconds(1) });
    expect(growthWords(planGrowth(state))).toContain('resizeLogicalVolume 20Gi');
  });

  it('grows at once when its class lets volumes grow after all', () => {
    const refused = planGrowth(growthState({ storageClass: aClass() }));
    const state = growthState({ claim: after(refused, '20Gi'), now: seconds(1) });
    expect(growthWords(planGrowth(state))).toContain('resizeLogicalVolume 20Gi');
  });

  it('is tried at once when it asks for something else', () => {
    const claim = { ...refusedByAgent(), spec: asking('15Gi').spec ?? {} };
    expect(growthWords(planGrowth(growthState({ claim })))).toContain('resizeLogicalVolume 15Gi');
  });

  it('is refused when its class does not let volumes grow', () => {
    const plan = planGrowth(growthState({ storageClass: aClass() }));
    expect(growthWords(plan)).toEqual(['claim ControllerResizeInfeasible 20Gi', 'Warning:VolumeResizeFailed']);
    expect(message(plan)).toMatch(/StorageClass fast does not allow volumes to grow; set allowVolumeExpansion: true/);
  });
});
