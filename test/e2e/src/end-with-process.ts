import { join } from 'node:path';
import { leaveRunning } from '@berth/bed/process/spawn';

/**
 * Ends a bed when this process ends, also when it is interrupted: Vitest then ends at once, without calling what a global set-up gave it.
 * Call the result when the bed is ended already.
 */
export const endWithProcess = (repository: string, bed: string): (() => void) => {
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(1));
  const end = () => leaveRunning(join(repository, 'scripts/bed'), ['down', '--bed', bed]);
  process.once('exit', end);
  return () => void process.off('exit', end);
};
