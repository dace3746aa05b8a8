import { REASON_NEVER_SHRINKS, REASON_OUT_OF_CAPACITY } from '@berth/contract/condition-types';
import { AppError, hasCode, toAppError } from '@berth/contract/errors';
import { footprintOf, layoutOf } from '@berth/contract/layout';
import { formatBytes, formatQuantity, parseQuantity } from '@berth/contract/quantity';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { activateVolume, createVolume, extendVolume, findVolume } from '../lvm/logical-volume.ts';
import { type LogicalVolumeOnDisk, readReport } from '../lvm/report.ts';
import { findGroup } from '../lvm/volume-group.ts';
import { degradationOf } from './degraded.ts';
import { finishCreation } from './finish-creation.ts';
import { followSize } from './follow-size.ts';
import type { LogicalVolumeOptions, Outcome } from './logical-volume.ts';
import { promisedBytes } from './promised.ts';
import { groupNameOf } from './volume-groups.ts';
import { writeStatus } from './volume-status.ts';

/** Reason of the condition Ready=True of a volume that grows later. */
const REASON_MOVING = 'Moving';

/** Until growing is tried again, by the reason why it could not be done. */
const AGAIN_MS: Readonly<Record<string, number>> = { [REASON_OUT_OF_CAPACITY]: 60_000, [REASON_MOVING]: 10_000 };

/** Makes the volume, gives it the size asked for, and says so in its object. Repeatable. */
export const provide = async (
  options: LogicalVolumeOptions,
  object: LogicalVolume,
  signal: AbortSignal,
): Promise<Outcome> => {
  // Final: the controller takes the object away, and the pod is scheduled again.
  if (object.status?.phase === 'Failed') return undefined;
  try {
    const volume = await findOrCreate(options, object, signal);
    return await report(options, object, await resize(options, object, volume, signal));
  } catch (thrown) {
    const err = toAppError(thrown);
    const isFull = err.code === 'OutOfCapacity';
    if (err.code === 'Timeout') options.onChange();
    await writeStatus(options, object, {
      phase: isFull ? 'Failed' : (object.status?.phase ?? 'Pending'),
      condition: { status: 'False', reason: isFull ? REASON_OUT_OF_CAPACITY : err.code, message: err.message },
    });
    if (isFull) return undefined;
    throw err;
  }
};

const findOrCreate = async (
  { host, lvm, onChange, reserveBytes, volumeGroups, handedOver }: LogicalVolumeOptions,
  object: LogicalVolume,
  signal: AbortSignal,
): Promise<LogicalVolumeOnDisk> => {
  const { name } = object.metadata;
  const { medium, size, volumeMode } = object.spec;
  const existing = findVolume(await readReport(lvm, signal), name);
  // It held data once: an empty one in its place would look like a success.
  if (object.status?.phase === 'Ready') {
    if (existing !== undefined) return existing;
    throw new AppError(
      'NotFound',
      `the logical volume ${name} is not on the node's disks any more; its disk is missing or it was removed`,
    );
  }
  // Nobody was told of it: it may be all that is left of an agent that died.
  if (existing !== undefined) return finishCreation({ host, lvm }, existing, signal);
  const created = await createVolume(lvm, {
    group: groupNameOf(medium, volumeGroups),
    name,
    sizeBytes: parseQuantity(size),
    layout: layoutOf(object.spec),
    toBeFormatted: volumeMode === 'Filesystem',
    keepFreeBytes: reserveBytes,
    handedOver: handedOver(),
    signal,
  });
  onChange();
  return created;
};

/** A volume that can't have the size asked for stays usable as it is; the problem is a sentence. */
const resize = async (
  options: LogicalVolumeOptions,
  object: LogicalVolume,
  volume: LogicalVolumeOnDisk,
  signal: AbortSignal,
): Promise<Resized> => {
  const { lvm, onChange } = options;
  const { name } = volume;
  const sizeBytes = parseQuantity(object.spec.size);
  const layout = layoutOf(object.spec);
  const lvmReport = await readReport(lvm, signal);
  const group = findGroup(lvmReport, volume.volumeGroup);
  if (group === undefined || volume.sizeBytes >= sizeBytes) {
    const active = volume.active ? volume : await activateVolume(lvm, name, signal);
    await followSize(options, active, signal);
    return group !== undefined && footprintOf(layout, sizeBytes, group.extentBytes).sizeBytes < volume.sizeBytes
      ? { volume: active, problem: { reason: REASON_NEVER_SHRINKS, message: shrinkSentence(volume, sizeBytes) } }
      : { volume: active };
  }
  if (volume.moving) {
    const message = `the volume is moved to another disk; afterwards it grows to ${formatBytes(sizeBytes)}`;
    return { volume, problem: { reason: REASON_MOVING, message } };
  }
  try {
    const keepFreeBytes = options.reserveBytes + promisedBytes(options.objects(), object.spec.medium, group);
    const handedOver = options.handedOver();
    const grown = await extendVolume(lvm, { name, sizeBytes, layout, keepFreeBytes, handedOver, signal });
    onChange();
    return { volume: grown };
  } catch (thrown) {
    // A group that is no longer ours to take from has no room for us.
    if (!hasCode(thrown, 'OutOfCapacity') && !hasCode(thrown, 'FailedPrecondition')) throw thrown;
    return { volume, problem: { reason: REASON_OUT_OF_CAPACITY, message: toAppError(thrown).message } };
  }
};

interface Resized {
  readonly volume: LogicalVolumeOnDisk;
  readonly problem?: { readonly reason: string; readonly message: string };
}

const shrinkSentence = (volume: LogicalVolumeOnDisk, sizeBytes: number): string =>
  `the volume keeps its ${formatBytes(volume.sizeBytes)}: it never shrinks to the ${formatBytes(sizeBytes)} asked for`;

const report = async (
  options: LogicalVolumeOptions,
  object: LogicalVolume,
  { volume, problem }: Resized,
): Promise<Outcome> => {
  await writeStatus(options, object, {
    phase: 'Ready',
    size: formatQuantity(volume.sizeBytes),
    volumeGroup: volume.volumeGroup,
    condition: { status: 'True', ...(problem ?? { reason: 'Created', message: '' }) },
    degraded: degradationOf(volume) ?? null,
  });
  const againAfterMs = problem && AGAIN_MS[problem.reason];
  return againAfterMs === undefined ? undefined : { againAfterMs };
};
