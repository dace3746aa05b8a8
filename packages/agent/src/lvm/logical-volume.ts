import { AppError, hasCode } from '@berth/contract/errors';
import { formatBytes } from '@berth/contract/quantity';
import type { Lvm } from './command.ts';
import { type LogicalVolumeOnDisk, type LvmReport, readReport, type VolumeGroup } from './report.ts';
import { NEW_TAG, OWNER_TAG } from './tags.ts';
import { findOwnGroup, type HandedOverGroups } from './volume-group.ts';

interface RoomOptions {
  readonly sizeBytes: number;
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

/** Whole extents for a size in bytes: never less than asked for (traps 16, 24). */
export const extentsFor = (sizeBytes: number, extentBytes: number): number => Math.ceil(sizeBytes / extentBytes);

/**
 * Makes a volume, or returns the one that is there: the same name is the same volume. Errors: OutOfCapacity when the
 * group lacks room or does not exist, FailedPrecondition when group or volume are not ours.
 */
export const createVolume = async (lvm: Lvm, options: CreateVolumeOptions): Promise<LogicalVolumeOnDisk> => {
  const { group: groupName, name, sizeBytes, toBeFormatted, keepFreeBytes = 0, handedOver, signal } = options;
  const report = await readReport(lvm, signal);
  const existing = findVolume(report, name);
  if (existing !== undefined) return existing;
  const group = findOwnGroup(report, groupName, handedOver);
  if (group === undefined) throw new AppError('OutOfCapacity', `the node has no volume group ${groupName}`);
  if (extentsFor(sizeBytes, group.extentBytes) * group.extentBytes > group.freeBytes - keepFreeBytes) {
    throw new AppError(
      'OutOfCapacity',
      `${groupName} has ${describeFree(group, keepFreeBytes)}, ${formatBytes(sizeBytes)} are asked for`,
    );
  }
  const tags = toBeFormatted ? [OWNER_TAG, NEW_TAG] : [OWNER_TAG];
  const args = [
    // Signatures of what the extents held before are wiped without asking (trap 6).
    ...['--wipesignatures', 'y', '--zero', 'y', '--yes', '--name', name],
    ...tags.flatMap((tag) => ['--addtag', tag]),
    ...['--extents', String(extentsFor(sizeBytes, group.extentBytes)), groupName],
  ];
  await lvm.run('lvcreate', args, { signal }).catch((thrown: unknown) => {
    // Somebody who asked for the same was quicker.
    if (!hasCode(thrown, 'AlreadyExists')) throw thrown;
  });
  return mustFind(await readReport(lvm, signal), name);
};

/**
 * Grows a volume to at least this size; nothing happens when it is that large already (trap 19). Never shrinks. Errors:
 * OutOfCapacity with the numbers when the group lacks room, NotFound when there is no such volume.
 */
export const extendVolume = async (
  lvm: Lvm,
  options: RoomOptions & { readonly name: string },
): Promise<LogicalVolumeOnDisk> => {
  const { name, sizeBytes, keepFreeBytes = 0, handedOver, signal } = options;
  const report = await readReport(lvm, signal);
  const volume = mustFind(report, name);
  const group = findOwnGroup(report, volume.volumeGroup, handedOver);
  if (group === undefined || sizeBytes <= volume.sizeBytes) return volume;
  const extents = extentsFor(sizeBytes, group.extentBytes);
  const moreBytes = extents * group.extentBytes - volume.sizeBytes;
  if (moreBytes > group.freeBytes - keepFreeBytes) {
    throw new AppError(
      'OutOfCapacity',
      `${name} needs ${formatBytes(moreBytes)} more to grow from ${formatBytes(volume.sizeBytes)} to ${formatBytes(sizeBytes)}, ${group.name} has ${describeFree(group, keepFreeBytes)}`,
    );
  }
  await lvm.run('lvextend', ['--extents', String(extents), `${group.name}/${name}`], { signal });
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
