import { parseQuantity } from '@berth/contract/quantity';
import type { DiskStatus } from '@berth/contract/resources/node-storage';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VolumeGroup } from '../lvm/report.ts';
import { OWNER_TAG } from '../lvm/tags.ts';
import { buildStatus } from './status.ts';

const EXTENT = 4 * 1024 ** 2;
const KEY = 'csi.storage.io/csi-vg-ssd';

const group = (
  extents: { total: number; ours: number; foreign: number },
  fields: Partial<VolumeGroup> = {},
): VolumeGroup => {
  const volume = (name: string, count: number, tags: string[]) => ({
    ...{
      name,
      volumeGroup: 'csi-vg-ssd',
      uuid: name,
      sizeBytes: count * EXTENT,
      tags,
      active: true,
      device: '253:0',
      health: '',
    },
  });
  return {
    name: 'csi-vg-ssd',
    uuid: 'group',
    tags: [OWNER_TAG],
    extentBytes: EXTENT,
    sizeBytes: extents.total * EXTENT,
    freeBytes: (extents.total - extents.ours - extents.foreign) * EXTENT,
    exported: false,
    partial: false,
    physicalVolumes: [],
    logicalVolumes: [volume('pvc-1', extents.ours, [OWNER_TAG]), volume('other', extents.foreign, [])],
    ...fields,
  };
};
const statusOf = (
  of: VolumeGroup,
  reserveBytes = 0,
  disks: DiskStatus[] = [],
  before: DiskStatus[] = [],
  forget: string[] = [],
) =>
  buildStatus({
    report: { groups: [of], orphans: [] },
    disks,
    previous: { disks: before },
    reserveBytes,
    isKnown: (name) => name !== 'pvc-lost',
    now: new Date('2026-01-01T00:00:00Z'),
    forget,
    busy: new Map([['csi-vg-ssd', 30]]),
  });
const bytes = (amounts: Record<string, string> | undefined): number => parseQuantity(amounts?.[KEY] ?? 'none');

describe('what a node says it has', () => {
  it('tells the load of a group where it is known', () => {
    const [known] = statusOf(group({ ours: 0, foreign: 0, total: 10 })).groups ?? [];
    expect(known?.busyPercent).toBe(30);
  });

  it('never promises more than is free, keeps the reserve, and adds up', () => {
    const extents = fc
      .tuple(fc.nat(10_000), fc.nat(10_000), fc.nat(10_000))
      .map(([ours, foreign, rest]) => ({ ours, foreign, total: ours + foreign + rest }));
    fc.assert(
      fc.property(extents, fc.nat(EXTENT * 20_000), (of, reserve) => {
        const status = statusOf(group(of), reserve);
        const free = (of.total - of.ours - of.foreign) * EXTENT;
        expect(bytes(status.allocatable)).toBe(
          Math.max(0, free - (parseQuantity(status.groups?.[0]?.reserve ?? '') || 0)),
        );
        expect(bytes(status.allocatable) % EXTENT).toBe(0);
        expect(parseQuantity(status.groups?.[0]?.foreign ?? '')).toBe(of.foreign * EXTENT);
        expect(bytes(status.allocatable) + of.ours * EXTENT).toBeLessThanOrEqual(of.total * EXTENT);
      }),
    );
  });

  it('offers nothing of a group that misses disks, because LVM would refuse', () => {
    expect(bytes(statusOf(group({ total: 100, ours: 10, foreign: 0 }, { partial: true })).allocatable)).toBe(0);
  });

  it.each([{ tags: [] }, { exported: true }, { name: 'csi-vg-floppy' }, { name: 'data' }])(
    'leaves out a group that is not ours: %o',
    (fields) => {
      expect(statusOf(group({ total: 100, ours: 0, foreign: 0 }, fields))).toMatchObject({ capacity: {}, groups: [] });
    },
  );

  it('remembers a disk of ours that is not seen, and forgets one that never was ours (trap 53)', () => {
    const disk = (value: string, state: DiskStatus['state']): DiskStatus => ({
      ...{ identity: { value, tier: 'wwn' }, path: '/dev/sda', size: '1Gi', sectorSize: 512, state },
    });
    const before = [disk('a', 'Adopted'), disk('b', 'Refused'), disk('c', 'Missing'), disk('d', 'Missing')];
    const now = [disk('d', 'Adopted')];
    const { disks } = statusOf(group({ total: 1, ours: 0, foreign: 0 }), 0, now, before);
    expect(disks?.map(({ identity, state }) => [identity.value, state])).toEqual([
      ['d', 'Adopted'],
      ['a', 'Missing'],
      ['c', 'Missing'],
    ]);
  });

  it('forgets a missing disk when it is told to, and no other', () => {
    const disk = (value: string, state: DiskStatus['state']): DiskStatus => ({
      ...{ identity: { value, tier: 'wwn' }, path: '/dev/sda', size: '1Gi', sectorSize: 512, state },
    });
    const before = [disk('a', 'Missing'), disk('b', 'Missing'), disk('c', 'Adopted')];
    const { disks } = statusOf(group({ total: 1, ours: 0, foreign: 0 }), 0, [disk('c', 'Adopted')], before, ['a', 'c']);
    expect(disks?.map(({ identity, state }) => [identity.value, state])).toEqual([
      ['c', 'Adopted'],
      ['b', 'Missing'],
    ]);
  });

  it('counts a volume of ours that no object stands for as somebody else’s', () => {
    const lost = { ...group({ total: 100, ours: 0, foreign: 0 }), freeBytes: 90 * EXTENT };
    const volume = {
      name: 'pvc-lost',
      volumeGroup: 'csi-vg-ssd',
      uuid: 'x',
      sizeBytes: 10 * EXTENT,
      tags: [OWNER_TAG],
    };
    const status = statusOf({ ...lost, logicalVolumes: [{ ...volume, active: true, device: '253:1', health: '' }] });
    expect(parseQuantity(status.groups?.[0]?.foreign ?? '')).toBe(10 * EXTENT);
    expect(bytes(status.allocatable)).toBe(90 * EXTENT);
  });
});
