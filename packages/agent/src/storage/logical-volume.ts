import { isDeepStrictEqual } from 'node:util';
import { setCondition } from '@berth/contract/conditions';
import { AppError, hasCode, toAppError } from '@berth/contract/errors';
import { LOGICAL_VOLUME_FINALIZER, volumeGroupName } from '@berth/contract/names';
import { formatQuantity, parseQuantity } from '@berth/contract/quantity';
import {
  CONDITION_READY,
  type LogicalVolume,
  type LogicalVolumeStatus,
  REASON_OUT_OF_CAPACITY,
} from '@berth/contract/resources/logical-volume';
import type { KubeClient } from '@berth/kube/client';
import { LOGICAL_VOLUMES } from '@berth/kube/resources';
import type { Clock } from '@berth/runtime/clock';
import type { KeyedLock } from '@berth/runtime/keyed-lock';
import type { Logger } from '@berth/runtime/logger';
import type { Lvm } from '../lvm/command.ts';
import { activateVolume, createVolume, extendVolume, findVolume, removeVolume } from '../lvm/logical-volume.ts';
import { type LogicalVolumeOnDisk, readReport } from '../lvm/report.ts';
import { findMountsOfDevice, readAllMounts } from '../mount/mount-table.ts';

export interface LogicalVolumeOptions {
  readonly client: KubeClient;
  readonly lvm: Lvm;
  readonly locks: KeyedLock;
  readonly nodeName: string;
  readonly procDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The object as last seen. */
  readonly read: (name: string) => LogicalVolume | undefined;
  /** Told when the node's free space changed. */
  readonly onChange: () => void;
}

type Outcome = { readonly againAfterMs?: number } | undefined;

const WHILE_MOUNTED_MS = 5_000;
const WHILE_FULL_MS = 60_000;

/** Brings the logical volume on disk and its object together. Repeatable at any time, also after a kill at any point. */
export const createLogicalVolumeReconcile =
  (options: LogicalVolumeOptions) =>
  async (name: string, signal: AbortSignal): Promise<Outcome> => {
    const object = options.read(name);
    if (object === undefined || object.spec.nodeName !== options.nodeName) return undefined;
    return options.locks.tryRun(name, () =>
      object.metadata.deletionTimestamp === undefined
        ? provide(options, object, signal)
        : remove(options, object, signal),
    );
  };

const provide = async (options: LogicalVolumeOptions, object: LogicalVolume, signal: AbortSignal): Promise<Outcome> => {
  // Final: the controller takes the object away, and the pod is scheduled again.
  if (object.status?.phase === 'Failed') return undefined;
  try {
    const volume = await findOrCreate(options, object, signal);
    return await report(options, object, await grow(options, object, volume, signal));
  } catch (thrown) {
    const err = toAppError(thrown);
    const isFull = err.code === 'OutOfCapacity';
    await writeStatus(options, object, {
      phase: isFull ? 'Failed' : (object.status?.phase ?? 'Pending'),
      condition: { status: 'False', reason: isFull ? REASON_OUT_OF_CAPACITY : err.code, message: err.message },
    });
    if (isFull) return undefined;
    throw err;
  }
};

const findOrCreate = async (
  { lvm, onChange }: LogicalVolumeOptions,
  object: LogicalVolume,
  signal: AbortSignal,
): Promise<LogicalVolumeOnDisk> => {
  const { name } = object.metadata;
  const { medium, size, volumeMode } = object.spec;
  // It held data once: an empty one in its place would look like a success.
  if (object.status?.phase === 'Ready') {
    const existing = findVolume(await readReport(lvm, signal), name);
    if (existing !== undefined) return existing;
    throw new AppError(
      'NotFound',
      `the logical volume ${name} is not on the node's disks any more; its disk is missing or it was removed`,
    );
  }
  const created = await createVolume(lvm, {
    group: volumeGroupName(medium),
    name,
    sizeBytes: parseQuantity(size),
    toBeFormatted: volumeMode === 'Filesystem',
    signal,
  });
  onChange();
  return created;
};

/** A volume that can't grow stays usable as it is. */
const grow = async (
  { lvm, onChange }: LogicalVolumeOptions,
  object: LogicalVolume,
  volume: LogicalVolumeOnDisk,
  signal: AbortSignal,
): Promise<{ volume: LogicalVolumeOnDisk; problem?: string }> => {
  const sizeBytes = parseQuantity(object.spec.size);
  if (volume.sizeBytes >= sizeBytes) {
    return { volume: volume.active ? volume : await activateVolume(lvm, volume.name, signal) };
  }
  try {
    const grown = await extendVolume(lvm, { name: volume.name, sizeBytes, signal });
    onChange();
    return { volume: grown };
  } catch (thrown) {
    if (!hasCode(thrown, 'OutOfCapacity')) throw thrown;
    return { volume, problem: toAppError(thrown).message };
  }
};

const report = async (
  options: LogicalVolumeOptions,
  object: LogicalVolume,
  { volume, problem }: { volume: LogicalVolumeOnDisk; problem?: string },
): Promise<Outcome> => {
  await writeStatus(options, object, {
    phase: 'Ready',
    size: formatQuantity(volume.sizeBytes),
    volumeGroup: volume.volumeGroup,
    condition:
      problem === undefined
        ? { status: 'True', reason: 'Created', message: '' }
        : { status: 'True', reason: REASON_OUT_OF_CAPACITY, message: problem },
  });
  return problem === undefined ? undefined : { againAfterMs: WHILE_FULL_MS };
};

const remove = async (options: LogicalVolumeOptions, object: LogicalVolume, signal: AbortSignal): Promise<Outcome> => {
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
  const mounts = volume.device === undefined ? [] : findMountsOfDevice(await readAllMounts(procDir), volume.device);
  if (mounts.length > 0) return `still mounted at ${[...new Set(mounts.map((mount) => mount.mountPoint))].join(', ')}`;
  try {
    await removeVolume(lvm, name, signal);
    return undefined;
  } catch (thrown) {
    if (hasCode(thrown, 'FailedPrecondition')) return toAppError(thrown).message;
    throw thrown;
  }
};

interface NextStatus {
  readonly phase: NonNullable<LogicalVolumeStatus['phase']>;
  readonly size?: string;
  readonly volumeGroup?: string;
  readonly condition: { readonly status: 'True' | 'False'; readonly reason: string; readonly message: string };
}

/** Writes only what differs; the uid keeps a status from reaching a later object of the same name. */
const writeStatus = async (
  { client, clock }: LogicalVolumeOptions,
  object: LogicalVolume,
  { condition, ...next }: NextStatus,
): Promise<void> => {
  const { name, uid, generation } = object.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const before = object.status?.conditions ?? [];
  const conditions = setCondition(before, { type: CONDITION_READY, ...observed, ...condition }, clock.now());
  const status = { ...object.status, ...next, conditions };
  if (isDeepStrictEqual(status, object.status)) return;
  const patch = { metadata: { uid }, status };
  await client.mergePatch(LOGICAL_VOLUMES, { name }, patch, { subresource: 'status' });
};
