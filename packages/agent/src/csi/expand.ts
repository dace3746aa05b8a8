import { AppError } from '@berth/contract/errors';
import { formatBytes } from '@berth/contract/quantity';
import { checkVolumeId, checkVolumePath } from '@berth/csi/validate';
import { activateVolume, devicePath } from '../lvm/logical-volume.ts';
import { growFilesystem } from '../mount/filesystem.ts';
import { findMountAt, findMountsOfDevice } from '../mount/mount-table.ts';
import type { ExpandRequest } from './messages.ts';
import type { VolumeTools } from './stage.ts';

/**
 * Grows the file system to its volume's size; a raw block volume has nothing to grow (trap 64). Repeatable. The logical volume
 * itself grows when its object asks for it; until then the answer is Unavailable, and kubelet tries again.
 */
export const expandVolume = async (
  { host, lvm, mounter }: VolumeTools,
  request: ExpandRequest,
  signal: AbortSignal,
): Promise<{ capacityBytes: number }> => {
  const name = checkVolumeId(request.volumeId);
  const path = checkVolumePath(request.volumePath);
  const volume = await activateVolume(lvm, name, signal);
  const wanted = Number(request.capacityRange?.requiredBytes ?? 0);
  if (volume.sizeBytes < wanted) {
    throw new AppError(
      'Unavailable',
      `the logical volume ${name} has ${formatBytes(volume.sizeBytes)} and not yet the ${formatBytes(wanted)} asked for`,
    );
  }
  const grown = { capacityBytes: volume.sizeBytes };
  if (request.volumeCapability?.block) return grown;

  const mounts = await mounter.mounts();
  const mount = findMountAt(mounts, path);
  if (mount === undefined) throw new AppError('NotFound', `no volume is mounted at ${path}`);
  if (mount.device !== volume.device) return grown;
  // A pod may have it read-only at this path; where it is staged it can be written.
  const writable = findMountsOfDevice(mounts, mount.device).find(({ options }) => !options.includes('ro'));
  if (writable === undefined) {
    throw new AppError('FailedPrecondition', `the volume ${name} is mounted read-only; its file system can't grow`);
  }
  const { fsType, mountPoint } = writable;
  await growFilesystem(host, { fsType, device: devicePath(volume), mountPoint, signal });
  return grown;
};
