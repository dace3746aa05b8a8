import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Network } from '../network.ts';
import { type Daemon, startDaemon } from '../process/spawn.ts';

/** Directory of a bed that its registry serves. */
export function registryRoot(runDir: string): string {
  return join(runDir, 'registry');
}

/** Starts the bed's registry: `registry.bed:5000` for the nodes. It runs until the bed's recorded processes are ended. */
export async function startRegistry(bed: { runDir: string; logDir: string; network: Network }): Promise<Daemon> {
  const root = registryRoot(bed.runDir);
  await mkdir(root, { recursive: true });
  return await startDaemon({
    name: 'registry',
    file: process.execPath,
    args: [
      join(import.meta.dirname, 'registry-main.ts'),
      '--root',
      root,
      '--host',
      bed.network.gateway,
      '--port',
      '5000',
    ],
    runDir: bed.runDir,
    logFile: join(bed.logDir, 'registry.log'),
    netns: bed.network.netns,
  });
}
