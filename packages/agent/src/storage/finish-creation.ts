import { AppError } from '@berth/contract/errors';
import type { Host } from '../host/host.ts';
import type { Lvm } from '../lvm/command.ts';
import { activateVolume, devicePath } from '../lvm/logical-volume.ts';
import type { LogicalVolumeOnDisk } from '../lvm/report.ts';
import { NEW_TAG } from '../lvm/tags.ts';

const WIPE_MS = 120_000;

/**
 * Does what an lvcreate that was killed has left undone. It writes the volume down first, then makes the device, and wipes the
 * signatures of what the extents held before last: without that a deleted volume's file system would be found on the new one.
 * Only volumes with the mark "new" are wiped, which have never been mounted. Repeatable. Errors: Internal when it can't be wiped.
 */
export const finishCreation = async (
  { host, lvm }: { readonly host: Host; readonly lvm: Lvm },
  volume: LogicalVolumeOnDisk,
  signal: AbortSignal,
): Promise<LogicalVolumeOnDisk> => {
  if (!volume.tags.includes(NEW_TAG)) return volume;
  const active = await activateVolume(lvm, volume.name, signal);
  // Without --force: wipefs opens the device for itself alone, and gives up when it is mounted.
  const argv = ['wipefs', '--all', devicePath(active)] as const;
  const { exitCode, stderr } = await host.run(argv, { timeoutMs: WIPE_MS, signal });
  if (exitCode === 0) return active;
  throw new AppError('Internal', `${argv.join(' ')} failed with exit code ${exitCode}: ${stderr.trim()}`);
};
