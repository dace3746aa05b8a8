import type { DiskStatus, NodeStorageStatus } from '@berth/contract/resources/node-storage';
import { expect, it } from 'vitest';
import type { PhysicalVolume } from '../../lvm/report.ts';
import { EXTENT_BYTES as EXTENT, physicalVolume } from '../../testing/volume-group.ts';
import { buildRemovals, leftBytes } from './removal-status.ts';

const disk = (value: string, state: DiskStatus['state'], reason?: string): DiskStatus => ({
  ...{ identity: { value, tier: 'wwn' }, path: '/dev/sda', size: '1Gi', sectorSize: 512, state },
  ...(reason !== undefined && { reason }),
});
const removalsOf = (leaving: readonly string[], disks: readonly DiskStatus[], previous?: NodeStorageStatus) =>
  buildRemovals({
    leaving,
    disks,
    previous,
    progress: new Map([['moving', { phase: 'Moving', leftBytes: 3 * EXTENT, message: 'x' }]]),
  });

it('tells each disk that is to leave apart, and each once', () => {
  const mounted = disk('mounted', 'Refused', 'not taken: it is mounted at /');
  const theirs = { ...disk('theirs', 'HandedOver'), volumeGroup: 'vg-fast' };
  const disks = [disk('out', 'Removed'), mounted, disk('gone', 'Missing', 'the disk is not there'), theirs];
  expect(removalsOf(['moving', 'out', 'mounted', 'gone', 'theirs', 'nobody', 'out'], disks)).toEqual([
    { disk: 'moving', phase: 'Moving', left: '12Mi', message: 'x' },
    { disk: 'out', phase: 'Removed', message: 'the disk may be pulled' },
    { disk: 'mounted', phase: 'Blocked', message: 'not taken: it is mounted at /' },
    { disk: 'gone', phase: 'Blocked', message: 'the disk is not there' },
    {
      disk: 'theirs',
      phase: 'Blocked',
      message:
        'the volume group vg-fast is handed over: nothing is moved in it; take the disk out with pvmove and vgreduce on the node',
    },
    { disk: 'nobody', phase: 'Blocked', message: 'no disk of the node has this identity' },
  ]);
});

it('does not call a disk lost that was removed and then pulled', () => {
  const previous: NodeStorageStatus = { removals: [{ disk: 'out', phase: 'Removed', message: '' }] };
  expect(removalsOf(['out'], [], previous)).toMatchObject([{ phase: 'Removed' }]);
  expect(removalsOf(['out'], [], {})).toMatchObject([{ phase: 'Blocked' }]);
});

it('tells what is left in whole percents of the disk, so that it is written a hundred times at most', () => {
  const pv = (usedExtents: number, copiedExtents: number): PhysicalVolume =>
    physicalVolume({
      ...{ sizeBytes: 1000 * EXTENT, allocatable: false, leaving: true, usedBytes: usedExtents * EXTENT },
      move: { bytes: usedExtents * EXTENT, copiedBytes: copiedExtents * EXTENT },
    });
  const told = new Set(Array.from({ length: 1001 }, (_, copied) => leftBytes(pv(1000, copied), EXTENT) / EXTENT));
  expect(told.size).toBe(101);
  expect(leftBytes(pv(1000, 995), EXTENT)).toBe(10 * EXTENT);
  expect(leftBytes(pv(3, 0), EXTENT)).toBe(3 * EXTENT);
  expect(leftBytes(pv(3, 3), EXTENT)).toBe(0);
});
