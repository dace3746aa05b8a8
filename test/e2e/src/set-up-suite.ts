import { writeSync } from 'node:fs';
import type { BedSpec } from '@berth/bed/bed';
import { startBed } from '@berth/bed/start-bed';
import { bedContext } from './bed-context.ts';
import type { BerthContext } from './beside.ts';
import { endWithProcess } from './end-with-process.ts';

/**
 * Starts one real cluster for all tests of a suite and brings Berth into it. Gives what ends it, for vitest to call once after
 * the tests; ends it itself when anything fails or the run is interrupted.
 */
export const setUpSuite = async (
  spec: BedSpec,
  deploy: (context: BerthContext) => Promise<void>,
): Promise<() => Promise<void>> => {
  const interrupt = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => interrupt.abort(new Error(`interrupted by ${name}`)));
  }
  const context = bedContext((line) => writeSync(2, `${line}\n`), interrupt.signal);
  const bed = await startBed(context, spec);
  const letGo = endWithProcess(context.paths.repository, spec.name);
  const tearDown = async () => {
    await Promise.allSettled([...bed.nodes.values()].map((node) => node.collectLogs(bed.logs)));
    writeSync(2, `Logs of every process: ${bed.logs}\n`);
    await bed.stop();
    letGo();
  };
  try {
    const { paths, progress, signal } = context;
    await deploy({ bed, repository: paths.repository, runDir: paths.run(spec.name), progress, signal });
    return tearDown;
  } catch (error) {
    await tearDown();
    throw error;
  }
};
