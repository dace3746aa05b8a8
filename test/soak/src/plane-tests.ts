import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '@berth/bed/process/spawn';
import type { Campaign } from './campaign.ts';

/** A file of the control plane's tests with larger numbers, on a control plane of its own. It takes the time it takes. */
const planeTests =
  (name: string, settings: Readonly<Record<string, string>>, done: string): Campaign =>
  async ({ bed: { paths, signal }, say }) => {
    const logFile = join(paths.logs(name), 'tests.log');
    await mkdir(paths.logs(name), { recursive: true });
    say(`log: ${logFile}`);
    try {
      const vitest = join(paths.repository, 'node_modules/.bin/vitest');
      const env = { ...settings, BERTH_BED: 'soak' };
      await run(vitest, ['run', '--project', 'plane', name], { cwd: paths.repository, env, logFile, signal });
      return { done, failure: undefined };
    } catch (error) {
      signal.throwIfAborted();
      return { done, failure: `${String(error)}\nagain: npm run soak -- ${name}` };
    }
  };

const OUTAGE_SECONDS = '120';
const BURST_PODS = '1000';

export const runOutage = planeTests(
  'outage',
  { BERTH_OUTAGE_SECONDS: OUTAGE_SECONDS },
  `two outages of ${OUTAGE_SECONDS} s`,
);

export const runBurst = planeTests('burst', { BERTH_BURST_PODS: BURST_PODS }, `${BURST_PODS} pods at once`);
