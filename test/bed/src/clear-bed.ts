import { rename, rm } from 'node:fs/promises';
import { removeNetwork } from './network.ts';
import type { Paths } from './paths.ts';
import { stopRecorded } from './process/spawn.ts';

/**
 * Ends every process of a bed and removes its namespace and run directory; logs stay. Also clears what a bed process that was
 * killed has left, and does nothing when there is nothing.
 */
export async function clearBed(paths: Paths, name: string): Promise<void> {
  await stopRecorded(paths.run(name));
  // A process that was killed between starting a program and recording it leaves one that only the namespace knows.
  await removeNetwork(name);
  await rm(paths.run(name), { recursive: true, force: true });
}

/** Keeps the logs of the run before this one, and only those. */
export async function rotateLogs(paths: Paths, name: string): Promise<void> {
  const previous = `${paths.logs(name)}.previous`;
  await rm(previous, { recursive: true, force: true });
  await rename(paths.logs(name), previous).catch(() => undefined);
}
