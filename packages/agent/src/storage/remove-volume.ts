import { hasCode, toAppError } from '@berth/contract/errors';
import { LOGICAL_VOLUME_FINALIZER } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { LOGICAL_VOLUMES } from '@berth/kube/resources';
import { findVolume, removeVolume } from '../lvm/logical-volume.ts';
import { readReport } from '../lvm/report.ts';
import { findMountsOfDevice, type Mount, readAllMounts, readHostMounts } from '../mount/mount-table.ts';
import type { LogicalVolumeOptions, Outcome } from './logical-volume.ts';
import { writeStatus } from './volume-status.ts';

const WHILE_MOUNTED_MS = 5_000;

/** Removes the volume from the disks, then lets its object go. Repeatable. */
export const remove = async (
  options: LogicalVolumeOptions,
  object: LogicalVolume,
  signal: AbortSignal,
): Promise<Outcome> => {
  const { name, finalizers = [], uid, resourceVersion } = object.metadata;
  if (!finalizers.includes(LOGICAL_VOLUME_FINALIZER)) return undefined;
  const obstacle = await tryRemove(options, name, signal);
  if (obstacle !== undefined) {
    const condition = { status: 'False', reason: 'InUse', message: obstacle } as const;
    await writeStatus(options, object, { phase: 'Deleting', condition });
    return { againAfterMs: WHILE_MOUNTED_MS };
  }
  options.onChange();
  const rest = finalizers.filter((finalizer) => finalizer !== LOGICAL_VOLUME_FINALIZER);
  const patch = { metadata: { uid, resourceVersion, finalizers: rest } };
  await options.client.mergePatch(LOGICAL_VOLUMES, { name }, patch, {}, signal).catch((thrown: unknown) => {
    if (!hasCode(thrown, 'NotFound')) throw thrown;
  });
  return undefined;
};

/** Never by force: says why the volume can't go yet, if so. */
const tryRemove = async (
  { lvm, procDir }: LogicalVolumeOptions,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const volume = findVolume(await readReport(lvm, signal), name);
  if (volume === undefined) return undefined;
  const mounts = volume.device === undefined ? [] : await mountsOf(volume.device, procDir);
  if (mounts.length > 0) return `still mounted at ${[...new Set(mounts.map((mount) => mount.mountPoint))].join(', ')}`;
  try {
    await removeVolume(lvm, name, signal);
    return undefined;
  } catch (thrown) {
    if (hasCode(thrown, 'FailedPrecondition')) return toAppError(thrown).message;
    throw thrown;
  }
};

/** The host's own mounts first: kubelet unstages a volume after its claim is gone, so most often that is the answer. */
const mountsOf = async (device: string, procDir: string): Promise<readonly Mount[]> => {
  const onHost = findMountsOfDevice(await readHostMounts(procDir), device);
  return onHost.length > 0 ? onHost : findMountsOfDevice(await readAllMounts(procDir), device);
};
