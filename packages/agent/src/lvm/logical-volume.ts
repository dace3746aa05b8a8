import { AppError, hasCode } from '@berth/contract/errors';
import { footprintOf, growthOf, type Layout, LINEAR } from '@berth/contract/layout';
import { formatBytes } from '@berth/contract/quantity';
import type { Lvm } from './command.ts';
import { checkGrowth, chooseDisks, growthArgs, layoutArgs } from './layout.ts';
import { type LogicalVolumeOnDisk, type LvmReport, readReport, type VolumeGroup } from './report.ts';
import { NEW_TAG, OWNER_TAG, UNFINISHED_TAG } from './tags.ts';
import { findOwnGroup, type HandedOverGroups } from './volume-group.ts';

interface RoomOptions {
  readonly sizeBytes: number;
  /** Linear when absent. What a volume that is there lies like, it keeps. */
  readonly layout?: Layout;
  /** Bytes of the group that must stay free; nothing when absent. */
  readonly keepFreeBytes?: number | undefined;
  /** None when absent. */
  readonly handedOver?: HandedOverGroups | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CreateVolumeOptions extends RoomOptions {
  readonly group: string;
  readonly name: string;
  /** Whether it will hold a file system, which has to be made once. */
  readonly toBeFormatted: boolean;
}

/**
 * The volume of this name, with or without device; by its own tag it is ours, whatever group it is in, so that it is still served
 * when its group is no longer handed over. Throws FailedPrecondition when it is not ours.
 */
export const findVolume = (report: LvmReport, name: string): LogicalVolumeOnDisk | undefined => {
  const found = report.groups.flatMap((group) => group.logicalVolumes).filter((volume) => volume.name === name);
  const [volume, other] = found;
  if (other !== undefined) {
    const places = found.map((each) => each.volumeGroup).join(', ');
    throw new AppError(
      'FailedPrecondition',
      `there are several logical volumes ${name}, in ${places}; remove all but one`,
    );
  }
  if (volume !== undefined && !volume.tags.includes(OWNER_TAG)) {
    throw new AppError(
      'FailedPrecondition',
      `the logical volume ${volume.volumeGroup}/${name} is not ours: it lacks the tag ${OWNER_TAG}; remove or rename it`,
    );
  }
  return volume;
};

/**
 * Makes a volume, or returns the one that is there: the same name is the same volume. One whose making was cut off in between is made
 * anew, so whoever calls holds the volume's lock. Errors: OutOfCapacity when the group lacks room, or disks that have it, or does not exist;
 * FailedPrecondition when group or volume are not ours.
 */
export const createVolume = async (lvm: Lvm, options: CreateVolumeOptions): Promise<LogicalVolumeOnDisk> => {
  const { name, signal } = options;
  const report = await readReport(lvm, signal);
  const existing = findVolume(report, name);
  if (existing?.tags.includes(UNFINISHED_TAG)) {
    await removeVolume(lvm, name, signal);
    return createVolume(lvm, options);
  }
  if (existing !== undefined) return existing;
  await lvm.run('lvcreate', creationArgs(report, options), { signal }).catch((thrown: unknown) => {
    // Somebody who asked for the same was quicker.
    if (!hasCode(thrown, 'AlreadyExists')) throw thrown;
  });
  const made = mustFind(await readReport(lvm, signal), name);
  if (!made.tags.includes(UNFINISHED_TAG)) return made;
  await lvm.run('lvchange', ['--deltag', UNFINISHED_TAG, `${made.volumeGroup}/${name}`], { signal });
  return mustFind(await readReport(lvm, signal), name);
};

const creationArgs = (report: LvmReport, options: CreateVolumeOptions): string[] => {
  const { group: groupName, name, sizeBytes, layout = LINEAR, toBeFormatted, keepFreeBytes = 0 } = options;
  const group = findOwnGroup(report, groupName, options.handedOver);
  if (group === undefined) throw new AppError('OutOfCapacity', `the node has no volume group ${groupName}`);
  const footprint = footprintOf(layout, sizeBytes, group.extentBytes);
  if (footprint.takenBytes > group.freeBytes - keepFreeBytes) {
    throw new AppError(
      'OutOfCapacity',
      `${groupName} has ${describeFree(group, keepFreeBytes)}, ${formatBytes(sizeBytes)} are asked for${layout.type === 'raid1' ? ' twice' : ''}`,
    );
  }
  const tags = [OWNER_TAG, ...(toBeFormatted ? [NEW_TAG] : []), ...(layout.type === 'raid1' ? [UNFINISHED_TAG] : [])];
  return [
    // Signatures of what the extents held before are wiped without asking (trap 6).
    ...['--wipesignatures', 'y', '--zero', 'y', '--yes', '--name', name],
    ...tags.flatMap((tag) => ['--addtag', tag]),
    ...layoutArgs(layout),
    ...['--extents', String(footprint.sizeBytes / group.extentBytes), groupName],
    ...chooseDisks(group, layout, footprint).map(({ path }) => path),
  ];
};

/**
 * Grows a volume to at least this size; nothing happens when it is that large already (trap 19). Never shrinks. Errors:
 * OutOfCapacity with the numbers when the group or the volume's disks lack room, NotFound when there is no such volume.
 */
export const extendVolume = async (
  lvm: Lvm,
  options: RoomOptions & { readonly name: string },
): Promise<LogicalVolumeOnDisk> => {
  const { name, sizeBytes, layout = LINEAR, keepFreeBytes = 0, handedOver, signal } = options;
  const report = await readReport(lvm, signal);
  const volume = mustFind(report, name);
  const group = findOwnGroup(report, volume.volumeGroup, handedOver);
  if (group === undefined || sizeBytes <= volume.sizeBytes) return volume;
  const after = footprintOf(layout, sizeBytes, group.extentBytes);
  const growth = growthOf(footprintOf(layout, volume.sizeBytes, group.extentBytes), after);
  if (growth.takenBytes > group.freeBytes - keepFreeBytes) {
    throw new AppError(
      'OutOfCapacity',
      `${name} needs ${formatBytes(growth.takenBytes)} more to grow from ${formatBytes(volume.sizeBytes)} to ${formatBytes(sizeBytes)}, ${group.name} has ${describeFree(group, keepFreeBytes)}`,
    );
  }
  checkGrowth(group, { volume, layout, growth });
  const extents = String(after.sizeBytes / group.extentBytes);
  await lvm.run('lvextend', [...growthArgs(layout), '--extents', extents, `${group.name}/${name}`], { signal });
  return mustFind(await readReport(lvm, signal), name);
};

const describeFree = (group: VolumeGroup, keepFreeBytes: number): string => {
  const free = `${formatBytes(group.freeBytes)} free`;
  return keepFreeBytes === 0 ? free : `${free} of which ${formatBytes(keepFreeBytes)} are kept for others`;
};

/**
 * Makes the volume's device appear and returns the volume with it; while LVM is stuck, what the last report said of a volume that
 * had its device. Errors: NotFound when there is no such volume, Timeout and Unavailable when that can't be told.
 */
export const activateVolume = async (lvm: Lvm, name: string, signal?: AbortSignal): Promise<LogicalVolumeOnDisk> => {
  const volume = await readReport(lvm, signal).then(
    (report) => mustFind(report, name),
    (thrown: unknown) => findInLastReport(lvm, name, thrown),
  );
  if (volume.active && volume.device !== undefined) return volume;
  await lvm.run('lvchange', ['--activate', 'y', `${volume.volumeGroup}/${name}`], { signal });
  return mustFind(await readReport(lvm, signal), name);
};

const findInLastReport = (lvm: Lvm, name: string, thrown: unknown): LogicalVolumeOnDisk => {
  const isStuck = hasCode(thrown, 'Unavailable') || hasCode(thrown, 'Timeout');
  const report = isStuck ? lvm.lastReport() : undefined;
  const volume = report && findVolume(report, name);
  // The mark "new" may have gone since: nothing is formatted on old knowledge.
  if (volume?.device === undefined || !volume.active || volume.tags.includes(NEW_TAG)) throw thrown;
  return volume;
};

/**
 * Proves that nobody has the volume open, by taking its device away and giving it back: LVM refuses that otherwise. Errors:
 * FailedPrecondition while it is in use.
 */
export const proveUnused = async (lvm: Lvm, volume: LogicalVolumeOnDisk, signal?: AbortSignal): Promise<void> => {
  const name = `${volume.volumeGroup}/${volume.name}`;
  await lvm.run('lvchange', ['--activate', 'n', name], { signal });
  await lvm.run('lvchange', ['--activate', 'y', name], { signal });
};

/** Loads the device anew as LVM has it written down, also under a mounted file system. Repeatable. */
export const refreshVolume = async (lvm: Lvm, volume: LogicalVolumeOnDisk, signal?: AbortSignal): Promise<void> => {
  await lvm.run('lvchange', ['--refresh', `${volume.volumeGroup}/${volume.name}`], { signal });
};

/** Records that the volume has its file system. Repeatable. */
export const markFormatted = async (lvm: Lvm, volume: LogicalVolumeOnDisk, signal?: AbortSignal): Promise<void> => {
  await lvm.run('lvchange', ['--deltag', NEW_TAG, `${volume.volumeGroup}/${volume.name}`], { signal });
};

/** Removes a volume and its data; fine when it is gone. Throws FailedPrecondition while it is in use or when it is not ours. */
export const removeVolume = async (lvm: Lvm, name: string, signal?: AbortSignal): Promise<void> => {
  const volume = findVolume(await readReport(lvm, signal), name);
  if (volume === undefined) return;
  await lvm.run('lvremove', ['--yes', `${volume.volumeGroup}/${name}`], { signal });
};

const mustFind = (report: LvmReport, name: string): LogicalVolumeOnDisk => {
  const volume = findVolume(report, name);
  if (volume === undefined) throw new AppError('NotFound', `the node has no logical volume ${name}`);
  return volume;
};

/** Path of a volume's device on the host. */
export const devicePath = (volume: LogicalVolumeOnDisk): string => `/dev/${volume.volumeGroup}/${volume.name}`;
