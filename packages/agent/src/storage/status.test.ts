import { parseQuantity } from '@berth/contract/quantity';
import type { DiskStatus } from '@berth/contract/resources/node-storage';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VolumeGroup } from '../lvm/report.ts';
import { OWNER_TAG } from '../lvm/tags.ts';
import { EXTENT_BYTES as EXTENT, logicalVolume, physicalVolume, volumeGroup } from '../testing/volume-group.ts';
import { buildStatus, type StatusFacts } from './status.ts';

const KEY = 'csi.storage.io/csi-vg-ssd';

const group = (
  extents: { total: number; ours: number; foreign: number },
  fields: Partial<VolumeGroup> = {},
): VolumeGroup =>
  volumeGroup({
    ...{ name: 'csi-vg-ssd', tags: [OWNER_TAG], sizeBytes: extents.total * EXTENT },
    usedBytes: (extents.ours + extents.foreign) * EXTENT,
    freeBytes: (extents.total - extents.ours - extents.foreign) * EXTENT,
    logicalVolumes: [logicalVolume('pvc-1', extents.ours, [OWNER_TAG]), logicalVolume('other', extents.foreign, [])],
    ...fields,
  });
const statusOf = (of: VolumeGroup, facts: Partial<StatusFacts> = {}) =>
  buildStatus({
    report: { groups: [of], orphans: [] },
    disks: [],
    volumeGroups: {},
    previous: undefined,
    reserveBytes: 0,
    isKnown: (name) => name !== 'pvc-lost',
    now: new Date('2026-01-01T00:00:00Z'),
    forget: [],
    leaving: [],
    progress: new Map(),
    busy: new Map([['csi-vg-ssd', 30]]),
    healthOf: () => undefined,
    ...facts,
  });
const disk = (value: string, state: DiskStatus['state'], fields: Partial<DiskStatus> = {}): DiskStatus => ({
  ...{ identity: { value, tier: 'wwn' }, path: '/dev/sda', size: '1Gi', sectorSize: 512, state },
  ...fields,
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
        const status = statusOf(group(of), { reserveBytes: reserve });
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

  it('counts what a volume of ours takes, not what it offers, so that its copies are nobody else’s; and tells of each disk', () => {
    const of = group({ total: 100, ours: 10, foreign: 0 }, { usedBytes: 22 * EXTENT, freeBytes: 78 * EXTENT });
    const [mirrored] = of.logicalVolumes.map((volume) => ({ ...volume, takenBytes: 22 * EXTENT }));
    const physicalVolumes = [
      physicalVolume({ uuid: 'a', freeBytes: 28 * EXTENT }),
      physicalVolume({ uuid: 'b', freeBytes: 50 * EXTENT }),
    ];
    const [said] = statusOf({ ...of, physicalVolumes, logicalVolumes: mirrored ? [mirrored] : [] }).groups ?? [];
    expect(said).toMatchObject({ foreign: '0', physicalVolumes: ['a', 'b'], diskFree: ['112Mi', '200Mi'] });
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
    const before = [disk('a', 'Adopted'), disk('b', 'Refused'), disk('c', 'Missing'), disk('d', 'Missing')];
    const now = [disk('d', 'Adopted')];
    const { disks } = statusOf(group({ total: 1, ours: 0, foreign: 0 }), { disks: now, previous: { disks: before } });
    expect(disks?.map(({ identity, state }) => [identity.value, state])).toEqual([
      ['d', 'Adopted'],
      ['a', 'Missing'],
      ['c', 'Missing'],
    ]);
  });

  it('forgets a missing disk when it is told to, and no other', () => {
    const before = [disk('a', 'Missing'), disk('b', 'Missing'), disk('c', 'Adopted')];
    const { disks } = statusOf(group({ total: 1, ours: 0, foreign: 0 }), {
      ...{ disks: [disk('c', 'Adopted')], previous: { disks: before }, forget: ['a', 'c'] },
    });
    expect(disks?.map(({ identity, state }) => [identity.value, state])).toEqual([
      ['c', 'Adopted'],
      ['b', 'Missing'],
    ]);
  });

  it('counts a volume of ours that no object stands for as somebody else’s', () => {
    const logicalVolumes = [logicalVolume('pvc-lost', 10, [OWNER_TAG])];
    const lost = { usedBytes: 10 * EXTENT, freeBytes: 90 * EXTENT, logicalVolumes };
    const status = statusOf(group({ total: 100, ours: 0, foreign: 0 }, lost));
    expect(parseQuantity(status.groups?.[0]?.foreign ?? '')).toBe(10 * EXTENT);
    expect(bytes(status.allocatable)).toBe(90 * EXTENT);
  });

  const FAILING = { state: 'Failing', smart: 'Failed', reason: 'it expects to fail soon (SMART)' } as const;
  const ours = { volumeGroup: 'csi-vg-ssd' };

  it('offers nothing of a group with a failing disk, and names the disk', () => {
    const disks = [disk('a', 'Adopted', ours), disk('b', 'Adopted', ours)];
    const healthOf = (identity: string) => (identity === 'b' ? FAILING : undefined);
    const status = statusOf(group({ total: 100, ours: 10, foreign: 0 }), { disks, healthOf });
    expect(bytes(status.allocatable)).toBe(0);
    expect(status.groups?.[0]?.problem).toBe('the disk b (/dev/sda) is failing: it expects to fail soon (SMART)');
    expect(status.disks?.map(({ health }) => health?.state)).toEqual([undefined, 'Failing']);
  });

  it('offers what is free where the failing disk is another group’s, in none, or gone', () => {
    const disks = [disk('a', 'Adopted', { volumeGroup: 'csi-vg-hdd' }), disk('b', 'Refused')];
    const previous = { disks: [disk('c', 'Adopted', ours)] };
    const status = statusOf(group({ total: 100, ours: 10, foreign: 0 }), { disks, previous, healthOf: () => FAILING });
    expect(status.disks?.map(({ state }) => state)).toEqual(['Adopted', 'Refused', 'Missing']);
    expect(bytes(status.allocatable)).toBe(90 * EXTENT);
  });

  it('remembers nothing of a disk that nothing tells from others', () => {
    const nameless = (state: DiskStatus['state']) => disk('', state, { identity: { value: '', tier: 'none' } });
    const previous = { disks: [{ ...nameless('HandedOver'), health: FAILING }] };
    const of = group({ total: 100, ours: 0, foreign: 0 });
    expect(statusOf(of, { previous }).disks).toEqual([]);
    expect(statusOf(of, { previous, disks: [nameless('Refused')] }).disks).toEqual([nameless('Refused')]);
  });

  it('remembers what the agent before it knew of a disk’s health', () => {
    const previous = { disks: [disk('a', 'Adopted', { ...ours, health: FAILING })] };
    const status = statusOf(group({ total: 100, ours: 0, foreign: 0 }), {
      disks: [disk('a', 'Adopted', ours)],
      previous,
    });
    expect(bytes(status.allocatable)).toBe(0);
  });

  it('counts what others have in a group that is handed over as theirs, and tells its UUID', () => {
    const theirs = group({ total: 100, ours: 10, foreign: 20 }, { name: 'vg-fast', uuid: 'VG-7', tags: [] });
    const status = statusOf(theirs, { volumeGroups: { nvme: 'vg-fast' } });
    expect(status.groups).toMatchObject([{ name: 'vg-fast', medium: 'nvme', foreign: '80Mi', free: '280Mi' }]);
    expect(status.allocatable).toEqual({ 'csi.storage.io/csi-vg-nvme': '280Mi' });
    expect(status.handedOver).toEqual([{ medium: 'nvme', name: 'vg-fast', uuid: 'VG-7' }]);
  });

  it('shows a group of its own making, and offers nothing of it, where another is handed over for the medium', () => {
    const status = statusOf(group({ total: 100, ours: 10, foreign: 0 }), { volumeGroups: { ssd: 'vg-fast' } });
    expect(status.groups?.[0]?.problem).toBe('the setting volumeGroups hands over vg-fast for ssd');
    expect(bytes(status.allocatable)).toBe(0);
  });
});
