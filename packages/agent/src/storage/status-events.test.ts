import type {
  DiskStatus,
  NodeStorageStatus,
  RemovalStatus,
  VolumeGroupStatus,
} from '@berth/contract/resources/node-storage';
import { expect, it } from 'vitest';
import { eventsBetween } from './status-events.ts';

const disk = (value: string, state: DiskStatus['state']): DiskStatus => ({
  ...{ identity: { value, tier: 'wwn' }, path: '/dev/sda', size: '1Gi', sectorSize: 512, state },
  ...(state === 'Adopted' && { volumeGroup: 'csi-vg-ssd' }),
});
const condition = (status: 'True' | 'False') => ({
  ...{ type: 'GroupsUsable', status, reason: status === 'True' ? 'AsExpected' : 'GroupUnusable' },
  ...{ message: status === 'True' ? '' : 'a disk is missing', lastTransitionTime: '2026-01-01T00:00:00Z' },
});

it('tells of disks that are taken, go and come back, and of nothing else', () => {
  const before = { disks: [disk('goes', 'Adopted'), disk('returns', 'Missing'), disk('stays', 'Adopted')] };
  const after = {
    disks: [
      disk('new', 'Adopted'),
      disk('goes', 'Missing'),
      disk('returns', 'Adopted'),
      disk('stays', 'Adopted'),
      disk('stranger', 'Refused'),
    ],
  };
  expect(eventsBetween(before, after).map(({ reason, message }) => [reason, message])).toEqual([
    ['DiskTaken', 'the disk new (/dev/sda) was taken into the volume group csi-vg-ssd'],
    ['DiskMissing', 'the disk goes (/dev/sda) is not there; nothing is moved or removed'],
    ['DiskBack', 'the disk returns (/dev/sda) is back'],
  ]);
});

it('tells of a disk when it begins to fail, once, and not when it is gone', () => {
  const health = { state: 'Failing', smart: 'Failed', reason: 'it expects to fail soon (SMART)' } as const;
  const well = { disks: [disk('a', 'Adopted')] };
  const ill = { disks: [{ ...disk('a', 'Adopted'), health }] };
  expect(eventsBetween(well, ill)).toEqual([
    {
      type: 'Warning',
      reason: 'DiskFailing',
      message: 'the disk a (/dev/sda) is failing: it expects to fail soon (SMART); nothing is moved or removed',
    },
  ]);
  expect(eventsBetween(ill, ill)).toEqual([]);
  expect(eventsBetween(well, { disks: [{ ...disk('a', 'Missing'), health }] })).toMatchObject([
    { reason: 'DiskMissing' },
  ]);
});

it('tells of a condition when it stops to hold, once', () => {
  const well = { conditions: [condition('True')] };
  const ill = { conditions: [condition('False')] };
  expect(eventsBetween(well, ill)).toEqual([
    { type: 'Warning', reason: 'GroupUnusable', message: 'a disk is missing' },
  ]);
  expect(eventsBetween(ill, ill)).toEqual([]);
  expect(eventsBetween(ill, well)).toEqual([]);
  expect(eventsBetween(undefined, ill)).toHaveLength(1);
});

it('tells of the removal of a disk when it begins, is blocked, ends or is withdrawn, and of no progress', () => {
  const at = (phase: RemovalStatus['phase'], left: string): NodeStorageStatus => ({
    removals: [{ disk: 'x', phase, left, message: 'because' }],
  });
  const reasons = (before: NodeStorageStatus | undefined, after: NodeStorageStatus) =>
    eventsBetween(before, after).map(({ type, reason }) => [type, reason]);
  expect(reasons(undefined, at('Moving', '3Gi'))).toEqual([['Normal', 'DiskRemovalStarted']]);
  expect(reasons(at('Moving', '3Gi'), at('Moving', '2Gi'))).toEqual([]);
  expect(reasons(at('Moving', '2Gi'), at('Blocked', '2Gi'))).toEqual([['Warning', 'DiskRemovalBlocked']]);
  expect(reasons(at('Moving', '2Gi'), at('Removed', '0'))).toEqual([['Normal', 'DiskRemoved']]);
  expect(reasons(at('Moving', '2Gi'), {})).toEqual([['Normal', 'DiskRemovalWithdrawn']]);
  expect(reasons(at('Removed', '0'), {})).toEqual([]);
  expect(eventsBetween({}, at('Blocked', '2Gi'))[0]?.message).toBe('the disk x can not be removed: because');
});

it('tells of a logical volume that no object stands for, once', () => {
  const sizes = { extentSize: '4Mi', size: '1Gi', free: '1Gi', foreign: '0', reserve: '0' };
  const group: VolumeGroupStatus = { name: 'csi-vg-nvme', medium: 'nvme', uuid: 'u', ...sizes, physicalVolumes: [] };
  const found = { groups: [{ ...group, orphans: [{ name: 'pvc-1', size: '8Mi', since: '2026-01-01T00:00:00Z' }] }] };
  expect(eventsBetween({ groups: [group] }, found)).toEqual([
    {
      type: 'Warning',
      reason: 'OrphanFound',
      message:
        'no object stands for the logical volume csi-vg-nvme/pvc-1 (8Mi); it is kept until its name is in spec.removeOrphans',
    },
  ]);
  expect(eventsBetween(found, found)).toEqual([]);
  expect(eventsBetween(found, { groups: [group] })).toEqual([]);
});
