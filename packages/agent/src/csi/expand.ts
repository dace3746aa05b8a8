import { AppError } from '@berth/contract/errors';
import { activateVolume, devicePath } from '../lvm/logical-volume.ts';
import { growFilesystem } from '../mount/filesystem.ts';
import type { ExpandRequest } from './messages.ts';
import type { VolumeTools } from './stage.ts';
import { checkPath, checkVolumeId } from './validate.ts';

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
  const path = checkPath(request.volumePath, 'volume_path');
  const volume = await activateVolume(lvm, name, signal);
  const wanted = Number(request.capacityRange?.requiredBytes ?? 0);
  if (volume.sizeBytes < wanted) {
    throw new AppError('Unavailable', `the logical volume ${name} has not grown to ${wanted} bytes yet`);
  }
  const mount = await mounter.mountAt(path);
  if (mount === undefined) throw new AppError('NotFound', `no volume is mounted at ${path}`);
  if (mount.device === volume.device) {
    await growFilesystem(host, { fsType: mount.fsType, device: devicePath(volume), mountPoint: path, signal });
  }
  return { capacityBytes: volume.sizeBytes };
};
