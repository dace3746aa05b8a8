import { AppError, toAppError } from '@berth/contract/errors';
import type { Lvm } from './command.ts';
import { findHandedOverObstacle } from './handed-over.ts';
import { type DiskToAdd, isPresent, preparePhysicalVolume } from './physical-volume.ts';
import { type LvmReport, readReport, type VolumeGroup } from './report.ts';
import { OWNER_TAG } from './tags.ts';

export interface AddDisksOptions {
  readonly group: string;
  readonly disks: readonly DiskToAdd[];
  /** What LVM knows; not older than the caller's checks of the disks. */
  readonly report: LvmReport;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The groups of an operator's own that may hold our volumes, each with the UUID by which it is known; undefined until it has been
 * found to be usable.
 */
export type HandedOverGroups = ReadonlyMap<string, string | undefined>;

const NONE: HandedOverGroups = new Map();

/**
 * The group of this name if we made it or it is handed over to us. Throws FailedPrecondition when the name is somebody else's or
 * ambiguous, Unavailable when it is not known yet which group was handed over.
 */
export const findOwnGroup = (
  report: LvmReport,
  name: string,
  handedOver: HandedOverGroups = NONE,
): VolumeGroup | undefined => {
  const group = findGroup(report, name);
  if (group === undefined) return undefined;
  if (handedOver.has(name)) {
    checkHandedOver(group, handedOver.get(name));
    return group;
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

/** The group of this name, whoever's it is. Throws FailedPrecondition when there are several. */
export const findGroup = (report: LvmReport, name: string): VolumeGroup | undefined => {
  const [group, ...others] = report.groups.filter((candidate) => candidate.name === name);
  if (group === undefined || others.length === 0) return group;
  const uuids = [group, ...others].map(({ uuid }) => uuid).join(', ');
  throw new AppError('FailedPrecondition', `there are several volume groups ${name} (${uuids}); rename all but one`);
};

const checkHandedOver = (group: VolumeGroup, uuid: string | undefined): void => {
  const obstacle = findHandedOverObstacle(group, uuid);
  if (obstacle !== undefined) throw new AppError('FailedPrecondition', obstacle);
  if (uuid === undefined) {
    throw new AppError('Unavailable', `NodeStorage does not tell yet which volume group ${group.name} was handed over`);
  }
};

/**
 * Makes physical volumes of disks and puts them into the group, which is made when there is none. Returns for each disk why
 * it could not be added, undefined when it is in the group now: one that fails does not stop the others. Repeating it after an
 * interruption finishes the job, unless LVM was killed between claiming a disk and writing down its group: that disk is `claimed`
 * and in no group then, and fails. Whoever calls has proved that the disks are blank or our own. Throws
 * FailedPrecondition when the group is not ours.
 */
export const addDisks = async (lvm: Lvm, options: AddDisksOptions): Promise<(AppError | undefined)[]> => {
  const { group, disks, report, signal } = options;
  const existing = findOwnGroup(report, group);
  const failures = new Map<DiskToAdd, AppError>();
  const missing = disks.filter(({ uuids }) => !existing?.physicalVolumes.some((pv) => isPresent(pv, uuids)));
  for (const disk of missing) {
    await preparePhysicalVolume(lvm, { ...disk, report, signal }).catch((thrown: unknown) =>
      failures.set(disk, toAppError(thrown)),
    );
  }
  const prepared = missing.filter((disk) => !failures.has(disk));
  const outcomes = () => disks.map((disk) => failures.get(disk));
  if (prepared.length === 0) return outcomes();
  const join = existing === undefined ? ['vgcreate', '--addtag', OWNER_TAG, group] : ['vgextend', group];
  const [command = '', ...args] = [...join, ...prepared.map(({ link }) => link)];
  try {
    await lvm.run(command, args, { signal });
  } catch (thrown) {
    for (const disk of prepared) {
      const failure = prepared.length === 1 ? toAppError(thrown) : await addAlone(lvm, disk, options);
      if (failure !== undefined) failures.set(disk, failure);
    }
  }
  return outcomes();
};

const addAlone = async (lvm: Lvm, disk: DiskToAdd, options: AddDisksOptions): Promise<AppError | undefined> => {
  const report = await readReport(lvm, options.signal);
  const [failure] = await addDisks(lvm, { ...options, disks: [disk], report });
  return failure;
};

/** Makes the devices of a group's volumes appear; needed after a boot (trap 30). Repeatable. */
export const activateGroup = async (lvm: Lvm, group: string, signal?: AbortSignal): Promise<void> => {
  await lvm.run('vgchange', ['--activate', 'y', group], { signal });
};
