import { join } from 'node:path';
import type { Environment } from './environment.ts';

/** Where the bed keeps what. */
export interface Paths {
  /** Built programs, images and snapshots; survives beds and is keyed by content. */
  cache: string;
  /** Everything of one running bed: pids, sockets, keys, etcd's data, disks. Removed when the bed stops. */
  run(bed: string): string;
  /** One log file a process; survives the bed, inside the repository and ignored by git. */
  logs(bed: string): string;
  /** Root of the checkout. */
  repository: string;
}

/** The paths of this checkout. */
export function createPaths(environment: Pick<Environment, 'cache'>): Paths {
  const repository = join(import.meta.dirname, '..', '..', '..');
  return {
    cache: environment.cache,
    run: (bed) => join('/run/berth', bed),
    logs: (bed) => join(repository, '.logs', bed),
    repository,
  };
}
