import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '@berth/bed/process/spawn';
import type { Campaign } from './campaign.ts';

const OUTAGE_SECONDS = 120;

/** The outages of the control plane's tests, each two minutes long, on a control plane of its own. It takes the time it takes. */
export const runOutage: Campaign = async ({ bed: { paths, signal }, say }) => {
  const logFile = join(paths.logs('outage'), 'tests.log');
  await mkdir(paths.logs('outage'), { recursive: true });
  const env = { BERTH_OUTAGE_SECONDS: String(OUTAGE_SECONDS), BERTH_BED: 'soak' };
  say(`log: ${logFile}`);
  try {
    const vitest = join(paths.repository, 'node_modules/.bin/vitest');
    await run(vitest, ['run', '--project', 'plane', 'outage'], { cwd: paths.repository, env, logFile, signal });
    return { done: `two outages of ${OUTAGE_SECONDS} s`, failure: undefined };
  } catch (error) {
    signal.throwIfAborted();
    return { done: 'outages', failure: `${String(error)}\nagain: npm run soak -- outage` };
  }
};
