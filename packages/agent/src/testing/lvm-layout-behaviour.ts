import type { Layout } from '@berth/contract/layout';
import { describe, expect, it } from 'vitest';
import { extendVolume, proveUnused, removeVolume } from '../lvm/logical-volume.ts';
import { NEW_TAG, OWNER_TAG, UNFINISHED_TAG } from '../lvm/tags.ts';
import { GROUP, type LvmPlace, MIB, rejectsWith, useLvmPlace } from './lvm-place.ts';

const STRIPED: Layout = { type: 'striped', stripes: 2 };
const RAID1: Layout = { type: 'raid1' };

/** The part of `lvmBehaviour` about volumes that lie on two disks. */
export const describeLayouts = (name: string, setup: () => Promise<LvmPlace>): void => {
  describe(`LVM (${name}), volumes on several disks`, () => {
    const { run, lvm, links, add, addAll, create, group } = useLvmPlace(setup);

    const takeAllButOf = async (index: 0 | 1, leftBytes: number) => {
      const { physicalVolumes, extentBytes } = (await group()) ?? { physicalVolumes: [], extentBytes: 1 };
      // The disks are of equal size, and nothing is on this one yet but a part of each volume.
      const freeBytes = physicalVolumes[0]?.freeBytes ?? 0;
      const extents = String((freeBytes - leftBytes) / extentBytes);
      const where = [GROUP, links()[index]];
      await run('lvcreate', ['--yes', '--name', `full-${index}`, '--extents', extents, ...where]);
    };
    const freeOfEach = async () => (await group())?.physicalVolumes.map(({ freeBytes }) => freeBytes) ?? [];

    it('lays a striped volume evenly on its disks, rounded up to that, and grows it so', async () => {
      await addAll(0, 1);
      const [free = 0] = await freeOfEach();
      const made = await create('pvc-1', 9 * MIB, STRIPED);
      expect(made).toMatchObject({ sizeBytes: 16 * MIB, takenBytes: 16 * MIB, isMirrored: false });
      expect(made.disks.map(({ bytes }) => bytes)).toEqual([8 * MIB, 8 * MIB]);
      const grown = await extendVolume(lvm(), { name: 'pvc-1', sizeBytes: 17 * MIB, layout: STRIPED });
      expect(grown).toMatchObject({ sizeBytes: 24 * MIB, takenBytes: 24 * MIB });
      expect(await freeOfEach()).toEqual([free - 12 * MIB, free - 12 * MIB]);
      await removeVolume(lvm(), 'pvc-1');
      expect(await freeOfEach()).toEqual([free, free]);
    });

    it('keeps two copies of a raid1 volume on two disks, counts them with their metadata, and grows both', async () => {
      await addAll(0, 1);
      const [free = 0] = await freeOfEach();
      const made = await create('pvc-1', 9 * MIB, RAID1);
      expect(made).toMatchObject({ sizeBytes: 12 * MIB, takenBytes: 32 * MIB, isMirrored: true });
      expect(made.tags).toEqual(expect.arrayContaining([OWNER_TAG, NEW_TAG]));
      expect(made.tags).toHaveLength(2);
      expect(made.device).toMatch(/^\d+:\d+$/);
      expect(made.disks.map(({ bytes }) => bytes)).toEqual([16 * MIB, 16 * MIB]);
      expect((await create('pvc-1', 9 * MIB, RAID1)).uuid).toBe(made.uuid);
      const grown = await extendVolume(lvm(), { name: 'pvc-1', sizeBytes: 13 * MIB, layout: RAID1 });
      expect(grown).toMatchObject({ sizeBytes: 16 * MIB, takenBytes: 40 * MIB, isMirrored: true });
      expect((await group())?.logicalVolumes, 'its hidden parts are no volumes').toHaveLength(1);
      expect(await freeOfEach()).toEqual([free - 20 * MIB, free - 20 * MIB]);
      await proveUnused(lvm(), grown);
      await removeVolume(lvm(), 'pvc-1');
      expect(await freeOfEach()).toEqual([free, free]);
    });

    it('fills two disks to the last extent', async () => {
      await addAll(0, 1);
      const [free = 0] = await freeOfEach();
      await rejectsWith(create('pvc-1', free, RAID1), 'OutOfCapacity');
      expect((await create('pvc-1', free - 4 * MIB, RAID1)).sizeBytes).toBe(free - 4 * MIB);
      await removeVolume(lvm(), 'pvc-1');
      await rejectsWith(create('pvc-1', 2 * free + 1, STRIPED), 'OutOfCapacity');
      expect((await create('pvc-1', 2 * free, STRIPED)).sizeBytes).toBe(2 * free);
    });

    it.each([STRIPED, RAID1])(
      'never makes %o of something lesser where there are too few disks (trap 47)',
      async (layout) => {
        await add(0);
        await rejectsWith(create('pvc-1', 8 * MIB, layout), 'OutOfCapacity');
        await expect(create('pvc-1', 8 * MIB, layout)).rejects.toThrow('has 1 of the 2 disks with');
        expect((await group())?.logicalVolumes).toEqual([]);
        await add(1);
        await create('pvc-1', 8 * MIB, layout);
      },
    );

    it.each([STRIPED, RAID1])(
      'refuses %o where one disk is full, also to grow, and leaves it as it is',
      async (layout) => {
        await addAll(0, 1);
        await create('pvc-1', 8 * MIB, layout);
        await takeAllButOf(0, 4 * MIB);
        await rejectsWith(create('pvc-2', 16 * MIB, layout), 'OutOfCapacity');
        await rejectsWith(extendVolume(lvm(), { name: 'pvc-1', sizeBytes: 24 * MIB, layout }), 'OutOfCapacity');
        const sizes = (await group())?.logicalVolumes.map(({ name, sizeBytes }) => [name, sizeBytes]);
        expect(sizes).toContainEqual(['pvc-1', 8 * MIB]);
        const [four, more = 0] = (await freeOfEach()).sort((one, other) => one - other);
        expect(four).toBe(4 * MIB);
        expect(more).toBeGreaterThan(8 * MIB);
      },
    );

    it('knows LVM refusing for want of disks with room by its words', async () => {
      await addAll(0, 1);
      await takeAllButOf(0, 4 * MIB);
      const args = ['--yes', '--name', 'x', '--type', 'striped', '--stripes', '2', '--extents', '6', GROUP];
      await rejectsWith(run('lvcreate', args), 'OutOfCapacity');
    });

    it('makes a volume anew whose making was cut off', async () => {
      await addAll(0, 1);
      const tags = [OWNER_TAG, UNFINISHED_TAG].flatMap((tag) => ['--addtag', tag]);
      await run('lvcreate', ['--yes', '--name', 'pvc-1', ...tags, '--extents', '2', GROUP]);
      const made = await create('pvc-1', 8 * MIB, RAID1);
      expect(made).toMatchObject({ isMirrored: true, sizeBytes: 8 * MIB });
      expect(made.tags).not.toContain(UNFINISHED_TAG);
      expect((await group())?.logicalVolumes).toHaveLength(1);
    });
  });
};
