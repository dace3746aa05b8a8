import { AppError } from '@berth/contract/errors';
import type { Lvm } from './command.ts';
import { type PhysicalVolume, readReport, type VolumeGroup } from './report.ts';
import { LEAVING_TAG } from './tags.ts';

/**
 * Moves suspend volumes for a moment, and a command that is killed then leaves them so: these are given the time that a slow
 * disk needs to finish what was written.
 */
const SUSPENDING_MS = 600_000;
/** Seconds between two looks of LVM at a move. A part of a volume that has been copied waits so long for the next one. */
const INTERVAL_SECONDS = '5';

/** Keeps volumes off a physical volume from now on, what others do included. Repeatable. */
export const withhold = async (lvm: Lvm, { path }: PhysicalVolume, signal?: AbortSignal): Promise<void> => {
  // One change of the metadata: what is withheld without our mark was withheld by somebody else.
  await lvm.run('pvchange', ['--allocatable', 'n', '--addtag', LEAVING_TAG, path], { signal });
};

/**
 * Begins to move what a volume has on a physical volume to others of the group, or all that is on it, and returns: the host's
 * lvmpolld sees the move through, whatever becomes of us. Where one has begun it goes on with that one, also after a boot, and
 * `volume` is not looked at; it is given all the same, because the move may have ended just now. The volume can be used meanwhile. Errors: OutOfCapacity when the others lack room.
 */
export const startMove = async (
  lvm: Lvm,
  { path }: PhysicalVolume,
  volume: string | undefined,
  signal?: AbortSignal,
): Promise<void> => {
  const only = volume === undefined ? [] : ['--name', volume];
  const args = ['--background', '--interval', INTERVAL_SECONDS, ...only, path];
  await lvm.run('pvmove', args, { timeoutMs: SUSPENDING_MS, signal });
};

/** Gives a physical volume back to its group; a move that goes on is ended, and what it has not finished stays. Repeatable. */
export const keep = async (lvm: Lvm, pv: PhysicalVolume, signal?: AbortSignal): Promise<void> => {
  if (pv.move !== undefined) await endMove(lvm, pv, signal);
  await lvm.run('pvchange', ['--allocatable', 'y', '--deltag', LEAVING_TAG, pv.path], { signal });
};

/** Throws Unavailable when LVM says that it has ended the move and has not: the mark must stay, so that it is tried again. */
const endMove = async (lvm: Lvm, pv: PhysicalVolume, signal?: AbortSignal): Promise<void> => {
  const abort = () => lvm.run('pvmove', ['--abort', pv.path], { timeoutMs: SUSPENDING_MS, signal });
  const findMoving = async () =>
    (await readReport(lvm, signal)).groups.find(({ physicalVolumes }) =>
      physicalVolumes.some(({ uuid, move }) => uuid === pv.uuid && move !== undefined),
    );
  await abort();
  const group = await findMoving();
  if (group === undefined) return;
  // LVM calls it a success to end a move whose device is not there, and does nothing.
  await startMove(lvm, pv, group.logicalVolumes.find(({ moving }) => moving)?.name, signal);
  await abort();
  if ((await findMoving()) !== undefined) {
    throw new AppError('Unavailable', `LVM has not ended the move off ${pv.path}`);
  }
};

/**
 * Takes an empty physical volume out of its group; the last one takes the group with it. LVM refuses when something is on it
 * after all: FailedPrecondition.
 */
export const takeOut = async (
  lvm: Lvm,
  group: VolumeGroup,
  { path }: PhysicalVolume,
  signal?: AbortSignal,
): Promise<void> => {
  if (group.physicalVolumes.length > 1) await lvm.run('vgreduce', [group.name, path], { signal });
  // Without --yes: should there be volumes, LVM asks, gets no answer, and changes nothing.
  else await lvm.run('vgremove', [group.name], { signal });
};

/** Makes a physical volume that is in no group a blank disk again. LVM refuses one that is in a group. */
export const clearPhysicalVolume = async (lvm: Lvm, path: string, signal?: AbortSignal): Promise<void> => {
  await lvm.run('pvremove', [path], { signal });
};
