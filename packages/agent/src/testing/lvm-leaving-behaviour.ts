import { describe, expect, it } from 'vitest';
import { clearPhysicalVolume, keep, startMove, takeOut, withhold } from '../lvm/leaving.ts';
import { extendVolume, findVolume, removeVolume } from '../lvm/logical-volume.ts';
import { type PhysicalVolume, readReport, type VolumeGroup } from '../lvm/report.ts';
import { GROUP, type LvmPlace, MIB, rejectsWith, useLvmPlace } from './lvm-place.ts';

/** The part of `lvmBehaviour` about disks that leave their group. */
export const describeLeaving = (name: string, setup: () => Promise<LvmPlace>): void => {
  describe(`LVM (${name}), a disk that leaves`, () => {
    const { run, lvm, addAll, create, group } = useLvmPlace(setup);
    const mustFind = async (matches: (pv: PhysicalVolume) => boolean) => {
      const found = await group();
      const pv = found?.physicalVolumes.find(matches);
      if (found === undefined || pv === undefined) throw new Error('there is no such physical volume');
      return { group: found as VolumeGroup, pv };
    };
    /** The physical volume that holds this volume. */
    const holderOf = (volume: string) => mustFind(({ volumes }) => volumes.includes(volume));
    const byUuid = async (uuid: string) => (await mustFind((pv) => pv.uuid === uuid)).pv;
    const moved = (uuid: string) =>
      expect.poll(async () => (await byUuid(uuid)).usedBytes, { timeout: 120_000, interval: 1_000 }).toBe(0);
    const leaveWithVolume = async () => {
      await addAll(0, 1);
      const volume = await create('pvc-1', 40 * MIB);
      const { pv } = await holderOf('pvc-1');
      await withhold(lvm(), pv);
      return { pv, volume };
    };

    it('gives no more room to volumes, and keeps room for those on it, until it is given back', async () => {
      const { pv } = await leaveWithVolume();
      await withhold(lvm(), pv);
      expect(await byUuid(pv.uuid)).toMatchObject({ leaving: true, allocatable: false, usedBytes: 40 * MIB });
      const free = pv.sizeBytes - 40 * MIB;
      expect(await group()).toMatchObject({ sizeBytes: pv.sizeBytes, usedBytes: 40 * MIB, freeBytes: free });
      await rejectsWith(create('pvc-2', free + 1), 'OutOfCapacity');
      await create('pvc-2', free);
      expect((await byUuid(pv.uuid)).volumes).toEqual(['pvc-1']);
      await keep(lvm(), pv);
      await keep(lvm(), pv);
      expect(await byUuid(pv.uuid)).toMatchObject({ leaving: false, allocatable: true });
      expect((await group())?.freeBytes).toBe(pv.sizeBytes);
    });

    it('gets no stripe and no copy of a volume, nor does the copy that is on it grow', async () => {
      await addAll(0, 1);
      const { disks } = await create('pvc-1', 8 * MIB, { type: 'raid1' });
      const { pv } = await mustFind(({ uuid }) => uuid === disks[0]?.uuid);
      await withhold(lvm(), pv);
      await rejectsWith(create('pvc-2', 8 * MIB, { type: 'raid1' }), 'OutOfCapacity');
      await rejectsWith(create('pvc-3', 8 * MIB, { type: 'striped', stripes: 2 }), 'OutOfCapacity');
      const grow = { name: 'pvc-1', sizeBytes: 12 * MIB, layout: { type: 'raid1' } } as const;
      await rejectsWith(extendVolume(lvm(), grow), 'OutOfCapacity');
      await keep(lvm(), pv);
      expect((await extendVolume(lvm(), grow)).sizeBytes).toBe(12 * MIB);
    });

    it('is emptied volume by volume in the background, taken out and blank', async () => {
      const { pv, volume } = await leaveWithVolume();
      await startMove(lvm(), pv, 'pvc-1');
      await moved(pv.uuid);
      const now = await mustFind(({ uuid }) => uuid === pv.uuid);
      await takeOut(lvm(), now.group, now.pv);
      await clearPhysicalVolume(lvm(), pv.path);
      const report = await readReport(lvm());
      expect(report.orphans).toEqual([]);
      expect((await group())?.physicalVolumes).toMatchObject([{ volumes: ['pvc-1'], usedBytes: 40 * MIB }]);
      expect(findVolume(report, 'pvc-1')).toMatchObject({ uuid: volume.uuid, sizeBytes: 40 * MIB, moving: false });
      expect(await addAll(0, 1)).toEqual([undefined, undefined]);
      expect((await group())?.physicalVolumes.map(({ leaving }) => leaving)).toEqual([false, false]);
    }, 180_000);

    it('is not taken out, nor cleared, while a volume is on it', async () => {
      const { pv } = await leaveWithVolume();
      const { group: found } = await holderOf('pvc-1');
      await rejectsWith(takeOut(lvm(), found, pv), 'FailedPrecondition');
      await expect(clearPhysicalVolume(lvm(), pv.path)).rejects.toThrow('is used by VG');
      expect((await holderOf('pvc-1')).pv.uuid).toBe(pv.uuid);
    });

    it('takes the group with it when it is the last one, and only when that is empty', async () => {
      await addAll(0);
      await create('pvc-1', 4 * MIB);
      const { pv, group: found } = await holderOf('pvc-1');
      await withhold(lvm(), pv);
      await expect(takeOut(lvm(), found, pv)).rejects.toThrow('not removed');
      await removeVolume(lvm(), 'pvc-1');
      await takeOut(lvm(), found, pv);
      await clearPhysicalVolume(lvm(), pv.path);
      expect(await group()).toBeUndefined();
      expect((await readReport(lvm())).orphans).toEqual([]);
    });

    it('stays with all its data when it is given back while volumes are moved', async () => {
      const { pv, volume } = await leaveWithVolume();
      await startMove(lvm(), pv, 'pvc-1');
      await keep(lvm(), await byUuid(pv.uuid));
      expect(await byUuid(pv.uuid)).toMatchObject({ leaving: false, allocatable: true });
      expect((await byUuid(pv.uuid)).move).toBeUndefined();
      const found = await group();
      expect(found).toMatchObject({ usedBytes: 40 * MIB, sizeBytes: 2 * pv.sizeBytes });
      expect(findVolume(await readReport(lvm()), 'pvc-1')).toMatchObject({ uuid: volume.uuid, moving: false });
    }, 180_000);

    it('says OutOfCapacity when the other disks have no room', async () => {
      const { pv } = await leaveWithVolume();
      const other = await mustFind(({ uuid }) => uuid !== pv.uuid);
      const extents = String((other.pv.sizeBytes - 20 * MIB) / other.group.extentBytes);
      await run('lvcreate', ['--yes', '--name', 'full', '--extents', extents, GROUP]);
      await rejectsWith(startMove(lvm(), pv, 'pvc-1'), 'OutOfCapacity');
      expect((await byUuid(pv.uuid)).move).toBeUndefined();
    });
  });
};
