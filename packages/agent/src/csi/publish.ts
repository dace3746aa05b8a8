import { lstat, mkdir, open, rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '@berth/contract/errors';
import { checkPath, checkVolumeId, usageOf } from '@berth/csi/validate';
import { activateVolume, devicePath } from '../lvm/logical-volume.ts';
import type { PublishRequest, UnpublishRequest } from './messages.ts';
import type { VolumeTools } from './stage.ts';

/** Makes a staged volume appear at a pod's path: a directory, or for a raw block volume a device file. Repeatable. */
export const publishVolume = async (
  tools: VolumeTools,
  request: PublishRequest,
  signal: AbortSignal,
): Promise<object> => {
  const name = checkVolumeId(request.volumeId);
  const target = checkPath(request.targetPath, 'target_path');
  const usage = usageOf(request.volumeCapability);
  const source = usage.kind === 'block' ? await blockSource(tools, name, signal) : await stagedSource(tools, request);
  if (usage.kind === 'block') await makeFile(target);
  else await mkdir(target, { recursive: true });
  await tools.mounter.bind({ source, target, readOnly: request.readonly, signal });
  return {};
};

/** Unmounts a pod's path and removes it; fine when it is gone. Nothing below a path is ever deleted. */
export const unpublishVolume = async (
  { mounter }: Pick<VolumeTools, 'mounter'>,
  request: UnpublishRequest,
  signal: AbortSignal,
): Promise<object> => {
  checkVolumeId(request.volumeId);
  const target = checkPath(request.targetPath, 'target_path');
  await mounter.unmount(target, signal);
  await removeTarget(target);
  return {};
};

const blockSource = async ({ lvm }: VolumeTools, name: string, signal: AbortSignal): Promise<string> =>
  devicePath(await activateVolume(lvm, name, signal));

/** A staging path that is not mounted is a plain directory of the node's own disk: pods must not write there (trap 61). */
const stagedSource = async ({ mounter }: VolumeTools, request: PublishRequest): Promise<string> => {
  const staging = checkPath(request.stagingTargetPath, 'staging_target_path');
  const staged = await mounter.mountAt(staging);
  if (staged === undefined)
    throw new AppError('FailedPrecondition', `nothing is mounted at ${staging}; stage the volume first`);
  const published = await mounter.mountAt(request.targetPath);
  if (published !== undefined && published.device !== staged.device) {
    throw new AppError(
      'FailedPrecondition',
      `${request.targetPath} is already taken by ${published.source}; unmount it`,
    );
  }
  return staging;
};

const makeFile = async (path: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'a', 0o600);
  await file.close();
};

const removeTarget = async (path: string): Promise<void> => {
  const found = await lstat(path).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR') return undefined;
    throw thrown;
  });
  if (found === undefined) return;
  await (found.isDirectory() ? rmdir(path) : unlink(path));
};
