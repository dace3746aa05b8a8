import { join } from 'node:path';
import type { BedContext } from '@berth/bed/bed-parts';
import type { TreeContext } from '@berth/bed/image/debian-tree';
import { createUserModeMachine, type UserModeDisk, type UserModeMachine } from '@berth/bed/user-mode/machine';
import { ensureUserModeTree } from '@berth/bed/user-mode/tree';
import { bedContext } from '@berth/e2e/bed-context';
import type { Spawner } from '@berth/runtime/spawn';

/** Name of the bed that the machines of these tests make up. */
export const MACHINES = 'user-mode';

export const treeContext = ({ paths, signal }: BedContext): TreeContext => ({
  root: join(paths.cache, 'images'),
  signal,
});

/** A machine of a test's own, booted. */
export const bootMachine = async (name: string, disks: readonly UserModeDisk[]): Promise<UserModeMachine> => {
  const context = bedContext(() => {}, new AbortController().signal);
  const { paths, signal } = context;
  const machine = await createUserModeMachine({
    ...{ name, disks, signal, runDir: paths.run(MACHINES), logFile: join(paths.logs(MACHINES), `${name}.log`) },
    tree: await ensureUserModeTree(treeContext(context)),
  });
  await machine.boot();
  return machine;
};

/** Runs a host's programs in a machine. */
export const spawnerIn = (machine: UserModeMachine): Spawner => ({
  run: (argv, { timeoutMs, input }) =>
    machine.exec(['env', 'LC_ALL=C', ...argv], { timeoutMs, ...(input !== undefined && { input }) }),
});
