import { AppError } from '@berth/contract/errors';
import type { Lvm } from './command.ts';
import { type LvmReport, readReport, type VolumeGroup } from './report.ts';
import { OWNER_TAG } from './tags.ts';

export interface AddDiskOptions {
  readonly group: string;
  /** A link of the disk that stays the same over reboots, below /dev/disk. */
  readonly link: string;
  /** UUIDs that only this disk's physical volume can have, see `physicalVolumeUuids`. */
  readonly uuids: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** The group of this name if it is ours. Throws FailedPrecondition when the name is somebody else's or ambiguous. */
export const findOwnGroup = (report: LvmReport, name: string): VolumeGroup | undefined => {
  const [group, ...others] = report.groups.filter((candidate) => candidate.name === name);
  if (group === undefined) return undefined;
  if (others.length > 0) {
    const uuids = [group, ...others].map(({ uuid }) => uuid).join(', ');
    throw new AppError('FailedPrecondition', `there are several volume groups ${name} (${uuids}); rename all but one`);
  }
  if (!group.tags.includes(OWNER_TAG)) {
    throw new AppError(
      'FailedPrecondition',
      `the volume group ${name} (${group.uuid}) is not ours: it lacks the tag ${OWNER_TAG}; rename it, or add the tag to hand it over`,
    );
  }
  if (group.exported) {
    throw new AppError('FailedPrecondition', `the volume group ${name} is exported; run vgimport ${name}`);
  }
  return group;
};

/**
 * Makes a physical volume of a disk and puts it into the group, which is made when there is none. Repeating it after an
 * interruption at any point finishes the job. Whoever calls has proved that the disk is blank or our own.
 */
export const addDisk = async (lvm: Lvm, options: AddDiskOptions): Promise<void> => {
  const { group, link, uuids, signal } = options;
  const report = await readReport(lvm, signal);
  const existing = findOwnGroup(report, group);
  const known = new Set(
    [...report.orphans, ...report.groups.flatMap((each) => each.physicalVolumes)].map((pv) => pv.uuid),
  );
  if (!report.orphans.some((pv) => uuids.includes(pv.uuid))) {
    const uuid = uuids.find((candidate) => !known.has(candidate));
    if (uuid === undefined) throw new AppError('Internal', `all physical volume UUIDs of ${link} are taken`);
    // Without --yes: should a signature have appeared after all, LVM asks, gets no answer, and changes nothing.
    await lvm.run('pvcreate', ['--uuid', uuid, '--norestorefile', link], { signal });
  }
  if (existing === undefined) await lvm.run('vgcreate', ['--addtag', OWNER_TAG, group, link], { signal });
  else await lvm.run('vgextend', [group, link], { signal });
};

/** Makes the devices of a group's volumes appear; needed after a boot (trap 30). Repeatable. */
export const activateGroup = async (lvm: Lvm, group: string, signal?: AbortSignal): Promise<void> => {
  await lvm.run('vgchange', ['--activate', 'y', group], { signal });
};
