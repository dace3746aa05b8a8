import { mkdir } from 'node:fs/promises';
import { AppError } from '@berth/contract/errors';
import { parseMkfsOptions } from '@berth/contract/mkfs-options';
import { PARAMETER_MKFS_OPTIONS } from '@berth/contract/names';
import { checkPath, checkVolumeId, usageOf } from '@berth/csi/validate';
import type { Host } from '../host/host.ts';
import type { Lvm } from '../lvm/command.ts';
import { activateVolume, devicePath, markFormatted } from '../lvm/logical-volume.ts';
import { NEW_TAG } from '../lvm/tags.ts';
import { mountFlags, prepareFilesystem } from '../mount/filesystem.ts';
import { checkFilesystem } from '../mount/filesystem-check.ts';
import type { Mounter } from '../mount/mounter.ts';
import type { StageRequest, UnstageRequest } from './messages.ts';

export interface VolumeTools {
  readonly host: Host;
  readonly lvm: Lvm;
  readonly mounter: Mounter;
}

/** Brings a volume's device up, gives it its file system once, and mounts it at the staging path. Repeatable. */
export const stageVolume = async (tools: VolumeTools, request: StageRequest, signal: AbortSignal): Promise<object> => {
  const { host, lvm, mounter } = tools;
  const name = checkVolumeId(request.volumeId);
  const target = checkPath(request.stagingTargetPath, 'staging_target_path');
  const usage = usageOf(request.volumeCapability);
  const volume = await activateVolume(lvm, name, signal);
  if (usage.kind === 'block') return {};

  const mounted = await mounter.mountAt(target);
  if (mounted !== undefined) {
    if (mounted.device === volume.device) return {};
    throw new AppError('FailedPrecondition', `${target} is already taken by ${mounted.source}; unmount it`);
  }
  const device = devicePath(volume);
  const { fsType, flags } = usage;
  const isNew = volume.tags.includes(NEW_TAG);
  // Looked at for new volumes only: a volume with data is mounted whatever its attributes say.
  const mkfsOptions = isNew ? parseMkfsOptions(fsType, request.volumeContext[PARAMETER_MKFS_OPTIONS] ?? '') : [];
  const { sizeBytes } = volume;
  await prepareFilesystem(host, { volume: name, device, sizeBytes, fsType, isNew, mkfsOptions, signal });
  // The mark goes before the first mount: from here on the volume may hold data, and is never formatted again.
  if (isNew) await markFormatted(lvm, volume, signal);
  else await checkFilesystem(tools, { volume: name, device, deviceNumber: volume.device, fsType, flags });
  await mkdir(target, { recursive: true });
  await mounter.mount({ device, target, fsType, flags: mountFlags(fsType, flags), signal });
  return {};
};

/** Unmounts the staging path; fine when nothing is mounted there. Needs neither the volume nor LVM. */
export const unstageVolume = async (
  { mounter }: Pick<VolumeTools, 'mounter'>,
  request: UnstageRequest,
  signal: AbortSignal,
): Promise<object> => {
  checkVolumeId(request.volumeId);
  await mounter.unmount(checkPath(request.stagingTargetPath, 'staging_target_path'), signal);
  return {};
};
