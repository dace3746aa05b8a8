import { writeSync } from 'node:fs';
import { demoNodes } from '@berth/bed/demo-nodes';
import { startBed } from '@berth/bed/start-bed';
import { deployBerth } from '../deploy-berth.ts';
import { bedContext, SUITE_BED } from './suite-bed.ts';

/** One real cluster with Berth in it serves all tests. Vitest calls this once before them and the result once after them. */
export const setup = async (): Promise<() => Promise<void>> => {
  const interrupt = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => interrupt.abort(new Error(`interrupted by ${name}`)));
  }
  const context = bedContext((line) => writeSync(2, `${line}\n`), interrupt.signal);
  const bed = await startBed(context, { name: SUITE_BED, nodes: demoNodes(3) });
  const tearDown = async () => {
    await Promise.allSettled([...bed.nodes.values()].map((node) => node.collectLogs(bed.logs)));
    writeSync(2, `Logs of every process: ${bed.logs}\n`);
    await bed.stop();
  };
  try {
    const { paths, progress, signal } = context;
    await deployBerth({ bed, repository: paths.repository, runDir: paths.run(SUITE_BED), progress, signal });
    return tearDown;
  } catch (error) {
    await tearDown();
    throw error;
  }
};
