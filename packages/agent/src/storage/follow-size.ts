import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lvm } from '../lvm/command.ts';
import { refreshVolume } from '../lvm/logical-volume.ts';
import type { LogicalVolumeOnDisk } from '../lvm/report.ts';

const SECTOR_BYTES = 512;

/**
 * Makes the kernel's device as large as LVM says the volume is. An lvextend writes the new size down before it changes the device,
 * which one that was killed leaves small, or even suspended; a file system would then not grow with its volume. Repeatable.
 */
export const followSize = async (
  { lvm, sysDir }: { readonly lvm: Lvm; readonly sysDir: string },
  volume: LogicalVolumeOnDisk,
  signal: AbortSignal,
): Promise<void> => {
  if (volume.device === undefined) return;
  const bytes = await readDeviceBytes(sysDir, volume.device);
  if (bytes !== undefined) await loadSize(lvm, volume, bytes, signal);
};

/** Loads the device of a volume anew when it has fewer bytes than the volume. */
export const loadSize = async (
  lvm: Lvm,
  volume: LogicalVolumeOnDisk,
  deviceBytes: number,
  signal?: AbortSignal,
): Promise<void> => {
  if (deviceBytes < volume.sizeBytes) await refreshVolume(lvm, volume, signal);
};

/** Bytes of the kernel's device `major:minor`; undefined when the kernel does not show it. */
export const readDeviceBytes = async (sysDir: string, device: string): Promise<number | undefined> => {
  const sectors = await readFile(join(sysDir, 'dev/block', device, 'size'), 'utf8').catch(() => '');
  return sectors === '' ? undefined : Number(sectors) * SECTOR_BYTES;
};
