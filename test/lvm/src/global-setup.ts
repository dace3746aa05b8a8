import { writeSync } from 'node:fs';
import { clearBed } from '@berth/bed/clear-bed';
import { preflight } from '@berth/bed/preflight';
import { bedContext } from '@berth/e2e/bed-context';
import { endWithProcess } from '@berth/e2e/end-with-process';
import { ensureImage, MACHINES } from './machines.ts';

/** Makes what all machines boot from. Vitest calls this once before the tests and the result once after them. */
export const setup = async (): Promise<() => Promise<void>> => {
  const context = bedContext((line) => writeSync(2, `${line}\n`), new AbortController().signal);
  const { paths, progress, signal } = context;
  await preflight({ cache: paths.cache, progress, signal });
  await clearBed(paths, MACHINES);
  await ensureImage(context);
  const letGo = endWithProcess(paths.repository, MACHINES);
  return async () => {
    await clearBed(paths, MACHINES);
    letGo();
  };
};
