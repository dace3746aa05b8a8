import { AppError } from '@berth/contract/errors';
import { describe, expect, it } from 'vitest';
import {
  activateVolume,
  createVolume,
  extendVolume,
  findVolume,
  markFormatted,
  proveUnused,
  refreshVolume,
  removeVolume,
} from '../lvm/logical-volume.ts';
import { findGrown, growPhysicalVolume } from '../lvm/physical-volume.ts';
import { physicalVolumeUuids } from '../lvm/physical-volume-uuid.ts';
import { readReport } from '../lvm/report.ts';
import { NEW_TAG, OWNER_TAG } from '../lvm/tags.ts';
import { findGroup, type HandedOverGroups } from '../lvm/volume-group.ts';
import { GROUP, type LvmPlace, MIB, rejectsWith, THEIRS, useLvmPlace } from './lvm-place.ts';

/** The part of `lvmBehaviour` about groups and the volumes in them. */
export const describeVolumes = (name: string, setup: () => Promise<LvmPlace>): void => {
  describe(`LVM (${name})`, () => {
    const { run, lvm, links, add, addAll, create, group } = useLvmPlace(setup);

    it('makes a group of the first disk and extends it by the second', async () => {
      await add(0);
      const first = await group();
      await add(1);
      const second = await group();
      expect(first?.tags).toEqual([OWNER_TAG]);
      expect(first?.physicalVolumes).toHaveLength(1);
      expect(second?.physicalVolumes).toHaveLength(2);
      expect(second?.uuid).toBe(first?.uuid);
      expect(second?.freeBytes).toBe(second?.sizeBytes);
    });

    it('makes a group of several disks at once, and is content when they are in it', async () => {
      expect(await addAll(0, 1)).toEqual([undefined, undefined]);
      const first = await group();
      expect(first?.physicalVolumes).toHaveLength(2);
      expect(await addAll(1, 0)).toEqual([undefined, undefined]);
      expect(await group()).toEqual(first);
    });

    it('takes the disk that can be taken when another one can not', async () => {
      await run('pvcreate', [links()[0]]);
      await run('vgcreate', [THEIRS, links()[0]]);
      const [failure, success] = await addAll(0, 1);
      expect(failure).toBeInstanceOf(AppError);
      expect(success).toBeUndefined();
      expect((await group())?.physicalVolumes).toHaveLength(1);
    });

    it('gives a group the room of a disk that has grown, once', async () => {
      await run('pvcreate', ['--setphysicalvolumesize', '64m', links()[0]]);
      await run('vgcreate', ['--addtag', OWNER_TAG, GROUP, links()[0]]);
      const before = await group();
      for (const pv of findGrown(await readReport(lvm()))) await growPhysicalVolume(lvm(), pv);
      expect((await group())?.sizeBytes).toBeGreaterThan(before?.sizeBytes ?? 0);
      expect(findGrown(await readReport(lvm()))).toEqual([]);
    });

    it('finishes a disk whose physical volume was made before a crash', async () => {
      const [uuid = ''] = physicalVolumeUuids('node', 'disk-0');
      await run('pvcreate', ['--uuid', uuid, '--norestorefile', links()[0]]);
      await add(0);
      expect((await group())?.physicalVolumes[0]?.uuid).toBe(uuid);
    });

    it('refuses a group of our name that lacks our tag', async () => {
      const [uuid = ''] = physicalVolumeUuids('node', 'disk-0');
      await run('pvcreate', ['--uuid', uuid, '--norestorefile', links()[0]]);
      await run('vgcreate', [GROUP, links()[0]]);
      await rejectsWith(add(1), 'FailedPrecondition');
      await rejectsWith(create('pvc-1', 4 * MIB), 'FailedPrecondition');
    });

    it('rounds a volume up to whole extents and tells the real size (traps 16, 24)', async () => {
      await add(0);
      const volume = await create('pvc-1', 9 * MIB + 1);
      expect(volume.sizeBytes).toBe(12 * MIB);
      expect(volume.tags).toEqual(expect.arrayContaining([OWNER_TAG, NEW_TAG]));
      expect(volume.device).toMatch(/^\d+:\d+$/);
    });

    it('makes one volume however often it is asked', async () => {
      await add(0);
      const first = await create('pvc-1', 8 * MIB);
      const second = await create('pvc-1', 8 * MIB);
      expect(second.uuid).toBe(first.uuid);
      expect((await group())?.logicalVolumes).toHaveLength(1);
    });

    it('says OutOfCapacity when the group has no room or is not there (trap 23)', async () => {
      await rejectsWith(create('pvc-1', 4 * MIB), 'OutOfCapacity');
      await add(0);
      const free = (await group())?.freeBytes ?? 0;
      await rejectsWith(create('pvc-1', free + 1), 'OutOfCapacity');
      expect((await create('pvc-1', free)).sizeBytes).toBe(free);
    });

    it('knows LVM refusing for want of room by its words', async () => {
      await add(0);
      await rejectsWith(run('lvcreate', ['--yes', '--name', 'x', '--extents', '1000000', GROUP]), 'OutOfCapacity');
    });

    it('takes the mark "new" off once and stays quiet the second time', async () => {
      await add(0);
      const volume = await create('pvc-1', 8 * MIB);
      await markFormatted(lvm(), volume);
      await markFormatted(lvm(), volume);
      expect(findVolume(await readReport(lvm()), 'pvc-1')?.tags).toEqual([OWNER_TAG]);
    });

    it('grows a volume, and does nothing when it has the size (trap 19)', async () => {
      await add(0);
      await create('pvc-1', 8 * MIB);
      expect((await extendVolume(lvm(), { name: 'pvc-1', sizeBytes: 13 * MIB })).sizeBytes).toBe(16 * MIB);
      expect((await extendVolume(lvm(), { name: 'pvc-1', sizeBytes: 13 * MIB })).sizeBytes).toBe(16 * MIB);
      expect((await extendVolume(lvm(), { name: 'pvc-1', sizeBytes: 4 * MIB })).sizeBytes).toBe(16 * MIB);
    });

    it('loads the device of a volume anew and leaves it in place', async () => {
      await add(0);
      const volume = await create('pvc-1', 8 * MIB);
      await refreshVolume(lvm(), volume);
      await refreshVolume(lvm(), volume);
      expect(findVolume(await readReport(lvm()), 'pvc-1')).toEqual(volume);
    });

    it('does not grow a volume into room that is kept free, and tells the numbers', async () => {
      await add(0);
      await create('pvc-1', 8 * MIB);
      const free = (await group())?.freeBytes ?? 0;
      const grow = (keepFreeBytes: number) =>
        extendVolume(lvm(), { name: 'pvc-1', sizeBytes: free + 8 * MIB, keepFreeBytes });
      await rejectsWith(grow(4 * MIB), 'OutOfCapacity');
      await expect(grow(4 * MIB)).rejects.toThrow('of which 4 MiB are kept for others');
      expect((await grow(0)).sizeBytes).toBe(free + 8 * MIB);
    });

    it('activates a volume that is there without a device, and NotFound is only for one that is not (traps 30, 31, 32, 41)', async () => {
      await add(0);
      await create('pvc-1', 8 * MIB);
      await run('lvchange', ['--activate', 'n', `${GROUP}/pvc-1`]);
      expect(findVolume(await readReport(lvm()), 'pvc-1')?.device).toBeUndefined();
      expect((await activateVolume(lvm(), 'pvc-1')).device).toMatch(/^\d+:\d+$/);
      await rejectsWith(activateVolume(lvm(), 'pvc-2'), 'NotFound');
      await rejectsWith(run('lvremove', ['--yes', `${GROUP}/pvc-2`]), 'NotFound');
    });

    it('proves that nobody has a volume open, also one that has no device, and leaves it with its device', async () => {
      await add(0);
      await proveUnused(lvm(), await create('pvc-1', 8 * MIB));
      await run('lvchange', ['--activate', 'n', `${GROUP}/pvc-1`]);
      await proveUnused(lvm(), await create('pvc-1', 8 * MIB));
      expect(findVolume(await readReport(lvm()), 'pvc-1')?.device).toMatch(/^\d+:\d+$/);
    });

    it('removes a volume, and is content when it is gone', async () => {
      await add(0);
      await create('pvc-1', 8 * MIB);
      await removeVolume(lvm(), 'pvc-1');
      await removeVolume(lvm(), 'pvc-1');
      expect((await group())?.freeBytes).toBe((await group())?.sizeBytes);
    });

    it('never removes or reuses a volume that lacks our tag', async () => {
      await add(0);
      await run('lvcreate', ['--yes', '--name', 'pvc-1', '--extents', '1', GROUP]);
      await rejectsWith(removeVolume(lvm(), 'pvc-1'), 'FailedPrecondition');
      await rejectsWith(create('pvc-1', 4 * MIB), 'FailedPrecondition');
      expect((await group())?.logicalVolumes).toHaveLength(1);
    });

    it('makes and grows volumes in a group that is handed over, known by its UUID, and in no other group without our tag', async () => {
      await run('pvcreate', [links()[0]]);
      await run('vgcreate', [THEIRS, links()[0]]);
      const uuid = findGroup(await readReport(lvm()), THEIRS)?.uuid;
      const createAs = (known: string | undefined) =>
        createVolume(lvm(), {
          ...{ group: THEIRS, name: 'pvc-1', sizeBytes: 8 * MIB, toBeFormatted: false },
          handedOver: new Map([[THEIRS, known]]),
        });
      await rejectsWith(createAs(undefined), 'Unavailable');
      await rejectsWith(createAs('another'), 'FailedPrecondition');
      expect((await createAs(uuid)).volumeGroup).toBe(THEIRS);
      const grow = (handedOver: HandedOverGroups) =>
        extendVolume(lvm(), { name: 'pvc-1', sizeBytes: 12 * MIB, handedOver });
      await rejectsWith(grow(new Map()), 'FailedPrecondition');
      expect((await grow(new Map([[THEIRS, uuid]]))).sizeBytes).toBe(12 * MIB);
      expect(findGroup(await readReport(lvm()), THEIRS)?.tags).toEqual([]);
    });

    it('finds and removes a volume of ours in a group that is no longer handed over, and nothing else there', async () => {
      await run('pvcreate', [links()[0]]);
      await run('vgcreate', [THEIRS, links()[0]]);
      await run('lvcreate', ['--yes', '--addtag', OWNER_TAG, '--name', 'pvc-1', '--extents', '1', THEIRS]);
      await run('lvcreate', ['--yes', '--name', 'pvc-2', '--extents', '1', THEIRS]);
      expect(findVolume(await readReport(lvm()), 'pvc-1')?.volumeGroup).toBe(THEIRS);
      await removeVolume(lvm(), 'pvc-1');
      await rejectsWith(removeVolume(lvm(), 'pvc-2'), 'FailedPrecondition');
      expect(findGroup(await readReport(lvm()), THEIRS)?.logicalVolumes.map(({ name }) => name)).toEqual(['pvc-2']);
    });

    it('runs the commands of a node one after another (trap 37)', async () => {
      await add(0);
      await Promise.all(['pvc-1', 'pvc-2', 'pvc-3', 'pvc-1'].map((volume) => create(volume, 8 * MIB)));
      expect((await group())?.logicalVolumes.map((volume) => volume.name).sort()).toEqual(['pvc-1', 'pvc-2', 'pvc-3']);
    });
  });
};
