import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { clearBed } from '@berth/bed/clear-bed';
import { preflight } from '@berth/bed/preflight';
import { leaveRunning } from '@berth/bed/process/spawn';
import { ensureUserModeTree } from '@berth/bed/user-mode/tree';
import { bedContext } from '@berth/e2e/bed-context';
import { MACHINES, treeContext } from './machines.ts';

/** Makes what all machines boot from. Vitest calls this once before the tests and the result once after them. */
export const setup = async (): Promise<() => Promise<void>> => {
  const context = bedContext((line) => writeSync(2, `${line}\n`), new AbortController().signal);
  const { paths, progress, signal } = context;
  await preflight({ cache: paths.cache, progress, signal });
  await clearBed(paths, MACHINES);
  await progress.step('user-mode machines', () => ensureUserModeTree(treeContext(context)));
  const endMachines = () => leaveRunning(join(paths.repository, 'scripts/bed'), ['down', '--bed', MACHINES]);
  process.once('exit', endMachines);
  return async () => {
    await clearBed(paths, MACHINES);
    process.off('exit', endMachines);
  };
};
