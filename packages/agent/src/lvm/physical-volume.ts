import { AppError } from '@berth/contract/errors';
import type { Lvm } from './command.ts';
import type { LvmReport, PhysicalVolume } from './report.ts';
import { OWNER_TAG } from './tags.ts';

export interface DiskToAdd {
  /** A link of the disk that stays the same over reboots, below /dev/disk. */
  readonly link: string;
  /** UUIDs that only this disk's physical volume can have, see `physicalVolumeUuids`. */
  readonly uuids: readonly string[];
}

interface Circumstances {
  readonly report: LvmReport;
  readonly signal?: AbortSignal | undefined;
}

/** Whether a physical volume is the disk's with these UUIDs, and its device is there. */
export const isPresent = (pv: PhysicalVolume, uuids: readonly string[]): boolean =>
  !pv.missing && uuids.includes(pv.uuid);

/** Makes a disk a physical volume under one of its UUIDs; nothing happens when it is one already. */
export const preparePhysicalVolume = async (
  lvm: Lvm,
  { link, uuids, report, signal }: DiskToAdd & Circumstances,
): Promise<void> => {
  if (report.orphans.some((pv) => isPresent(pv, uuids))) return;
  const known = [...report.orphans, ...report.groups.flatMap((each) => each.physicalVolumes)];
  const uuid = uuids.find((candidate) => !known.some((pv) => pv.uuid === candidate));
  if (uuid === undefined) throw new AppError('Internal', `all physical volume UUIDs of ${link} are taken`);
  // Without --yes: should a signature have appeared after all, LVM asks, gets no answer, and changes nothing.
  await lvm.run('pvcreate', ['--uuid', uuid, '--norestorefile', link], { signal });
};

/**
 * Physical volumes of our groups whose devices have grown. A second copy of LVM's metadata at the device's end can take nearly an
 * extent, so that two must be there: growing by less would be tried for ever.
 */
export const findGrown = (report: LvmReport): PhysicalVolume[] =>
  report.groups
    .filter(({ tags, exported }) => tags.includes(OWNER_TAG) && !exported)
    .flatMap(({ physicalVolumes, extentBytes }) =>
      physicalVolumes.filter(({ missing, surplusBytes }) => !missing && surplusBytes >= 2 * extentBytes),
    );

/** Gives a physical volume the size of its device. Repeatable. */
export const growPhysicalVolume = async (lvm: Lvm, { path }: PhysicalVolume, signal?: AbortSignal): Promise<void> => {
  await lvm.run('pvresize', [path], { signal });
};
