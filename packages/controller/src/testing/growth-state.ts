import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { PersistentVolumeClaim } from '@berth/kube/types';
import type { GroupState } from '@berth/placement/model';
import type { Plan } from '../action.ts';
import type { GrowthState } from '../growth-plan.ts';
import { aClaim, aClass, aLogicalVolume, aPersistentVolume, READY, VOLUME } from './builders.ts';

/** When the tests' plans are made. */
export const NOW = new Date('2026-01-01T00:00:00Z');

export const GiB = 1024 ** 3;

/** The claim of the builders, bound, showing 10 GiB, asking for more. */
export const asking = (storage: string, status: PersistentVolumeClaim['status'] = {}): PersistentVolumeClaim => ({
  ...aClaim({ spec: { volumeName: VOLUME, resources: { requests: { storage } } } }),
  status: { phase: 'Bound', capacity: { storage: '10Gi' }, ...status },
});

/** How far the claim has come, as its status says. */
export const step = (name: string, allocated: string) => ({
  allocatedResources: { storage: allocated },
  allocatedResourceStatuses: { storage: name },
});

/** The logical volume on disk, and what its object asks for. */
export const volume = (
  onDisk: string,
  asked = onDisk,
  changes: Parameters<typeof aLogicalVolume>[0] = {},
): LogicalVolume => {
  const built = aLogicalVolume({ status: { ...READY, size: onDisk }, ...changes });
  return { ...built, spec: { ...built.spec, size: asked } };
};

/** The same when the agent has said that there is no room. */
export const refusing = (onDisk: string, asked: string): LogicalVolume =>
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

/** The persistent volume of this size. */
export const persistentVolume = (storage: string, annotations?: Record<string, string>) => {
  const built = aPersistentVolume(annotations === undefined ? {} : { annotations });
  return { ...built, spec: { ...built.spec, capacity: { storage } } };
};

/** A group of 100 GiB with so much free. */
export const group = (freeGiB: number): GroupState => ({
  medium: 'nvme',
  extentSize: 4 * 1024 ** 2,
  size: 100 * GiB,
  usable: 100 * GiB,
  unused: freeGiB * GiB,
});

/** A claim that asks for 20 GiB of what has 10, on a node with room. */
export const growthState = (changes: Partial<GrowthState>): GrowthState => ({
  claim: asking('20Gi'),
  storageClass: aClass({ allowVolumeExpansion: true }),
  persistentVolume: persistentVolume('10Gi'),
  logicalVolume: volume('10Gi'),
  group: group(50),
  now: NOW,
  ...changes,
});

/** Each action as a word with its size. */
export const growthWords = (plan: Plan): readonly string[] =>
  plan.actions.map((action) => {
    if (action.kind === 'event') return `${action.type}:${action.reason}`;
    if ('size' in action) return `${action.kind} ${action.size}`;
    if (action.kind !== 'patchClaimStatus') return action.kind;
    const { allocatedResourceStatuses, allocatedResources } = action.status as PersistentVolumeClaim['status'] & object;
    return `claim ${allocatedResourceStatuses?.storage ?? 'done'} ${allocatedResources?.storage}`;
  });
