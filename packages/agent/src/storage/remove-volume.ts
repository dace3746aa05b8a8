import { hasCode, toAppError } from '@berth/contract/errors';
import { LOGICAL_VOLUME_FINALIZER } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { LOGICAL_VOLUMES } from '@berth/kube/resources';
import type { KeyedLock } from '@berth/runtime/keyed-lock';
import { findVolume, removeVolume } from '../lvm/logical-volume.ts';
import { type LogicalVolumeOnDisk, readReport } from '../lvm/report.ts';
import { findMountsOfDevice, readAllMounts } from '../mount/mount-table.ts';
import type { LogicalVolumeOptions, Outcome } from './logical-volume.ts';
import { writeStatus } from './volume-status.ts';
import { findWipeStep, takeWipeStep, type WipeStep } from './wipe-volume.ts';

export interface RemoveOptions extends LogicalVolumeOptions {
  /** One volume of the node at a time is wiped. */
  readonly wiping: KeyedLock;
}

const WHILE_IN_USE_MS = 5_000;
const WHILE_OTHERS_ARE_WIPED_MS = 5_000;

/** Wipes the volume if that is wanted, removes it from the disks, then lets its object go. Repeatable; never by force. */
export const remove = async (options: RemoveOptions, object: LogicalVolume, signal: AbortSignal): Promise<Outcome> => {
  const { name, finalizers = [] } = object.metadata;
  if (!finalizers.includes(LOGICAL_VOLUME_FINALIZER)) return undefined;
  const volume = findVolume(await readReport(options.lvm, signal), name);
  try {
    if (volume !== undefined) {
      const mountedAt = await findMountPoints(options.procDir, volume);
      if (mountedAt.length > 0) return wait(options, object, `still mounted at ${mountedAt.join(', ')}`);
      const step = findWipeStep(object, volume);
      if (step !== undefined) return await wipe(options, object, volume, step, signal);
      await removeVolume(options.lvm, name, signal);
    }
  } catch (thrown) {
    if (hasCode(thrown, 'FailedPrecondition')) return wait(options, object, toAppError(thrown).message);
    throw thrown;
  }
  options.onChange();
  await release(options, object, signal);
  return undefined;
};

const findMountPoints = async (procDir: string, { device }: LogicalVolumeOnDisk): Promise<string[]> => {
  const mounts = device === undefined ? [] : findMountsOfDevice(await readAllMounts(procDir), device);
  return [...new Set(mounts.map((mount) => mount.mountPoint))];
};

const wait = async (options: RemoveOptions, object: LogicalVolume, obstacle: string): Promise<Outcome> => {
  const condition = { status: 'False', reason: 'InUse', message: obstacle } as const;
  await writeStatus(options, object, { phase: 'Deleting', condition });
  return { againAfterMs: WHILE_IN_USE_MS };
};

/**
 * One step, and then a look at the object as it is by then: somebody may want it otherwise. The write of how far it is brings the
 * volume back into the queue.
 */
const wipe = async (
  options: RemoveOptions,
  object: LogicalVolume,
  volume: LogicalVolumeOnDisk,
  step: WipeStep,
  signal: AbortSignal,
): Promise<Outcome> => {
  try {
    const { wiped, message } = await options.wiping.tryRun('wiping', () => takeWipeStep(options, volume, step, signal));
    const condition = { status: 'False', reason: 'Wiping', message } as const;
    await writeStatus(options, object, { phase: 'Deleting', wiped, condition });
    return undefined;
  } catch (thrown) {
    if (hasCode(thrown, 'Aborted') && !signal.aborted) return { againAfterMs: WHILE_OTHERS_ARE_WIPED_MS };
    throw thrown;
  }
};

const release = async ({ client }: RemoveOptions, { metadata }: LogicalVolume, signal: AbortSignal): Promise<void> => {
  const { name, uid, resourceVersion, finalizers = [] } = metadata;
  const rest = finalizers.filter((finalizer) => finalizer !== LOGICAL_VOLUME_FINALIZER);
  const patch = { metadata: { uid, resourceVersion, finalizers: rest } };
  await client.mergePatch(LOGICAL_VOLUMES, { name }, patch, {}, signal).catch((thrown: unknown) => {
    if (!hasCode(thrown, 'NotFound')) throw thrown;
  });
};
