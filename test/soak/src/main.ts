import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readEnvironment } from '@berth/bed/environment';
import { createPaths } from '@berth/bed/paths';
import { createPlainProgress } from '@berth/bed/progress';
import { runAgentCrash } from './agent-crash.ts';
import type { Campaign } from './campaign.ts';
import { runControllerCrash } from './controller-crash.ts';
import { runHolds } from './holds.ts';
import { runBurst, runOutage } from './plane-tests.ts';
import { runPowerCutCampaign } from './power-cuts.ts';

/** By name. The last three need the bed. */
const CAMPAIGNS: Readonly<Record<string, Campaign>> = {
  'agent-crash': runAgentCrash,
  'controller-crash': runControllerCrash,
  holds: runHolds,
  burst: runBurst,
  outage: runOutage,
  'power-cuts': runPowerCutCampaign,
};

const USAGE = `usage: npm run soak -- [NAME…] [--minutes N] [--seed N] [--path P]
campaigns: ${Object.keys(CAMPAIGNS).join(', ')}; all when none is named`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    path: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** Throws a sentence when an option's value is no number that makes sense. */
const numberOf = (name: 'minutes' | 'seed'): number => {
  const number = Number(values[name]);
  if (Number.isFinite(number) && number >= 0) return number;
  throw new Error(`--${name} ${values[name]} is no number from 0 up`);
};

const unknown = positionals.filter((name) => CAMPAIGNS[name] === undefined);
if (unknown.length > 0) throw new Error(`there is no campaign ${unknown.join(', ')}\n${USAGE}`);
if (values.path !== undefined && positionals.length !== 1) throw new Error('--path needs the name of its campaign');

const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => interrupt.abort(new Error(`interrupted by ${name}`)));
}
const write = (line: string) => void writeSync(1, `${line}\n`);

const runAll = async (): Promise<boolean> => {
  const seed = numberOf('seed');
  const minutes = numberOf('minutes');
  const bed = {
    paths: createPaths(readEnvironment()),
    progress: createPlainProgress(write),
    signal: interrupt.signal,
  };
  const lines: string[] = [];
  let holds = true;
  for (const [name, run] of Object.entries(CAMPAIGNS)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    write(`${name}: ${minutes} minutes from seed ${seed}`);
    const startedMs = performance.now();
    const { done, failure } = await run({ seed, minutes, path: values.path, bed, say: (line) => write(`  ${line}`) });
    const passed = ((performance.now() - startedMs) / 60_000).toFixed(1);
    holds &&= failure === undefined;
    lines.push(
      `${name}: ${failure === undefined ? 'holds' : 'BROKEN'} after ${passed} minutes from seed ${seed}: ${done}`,
    );
    if (failure === undefined) continue;
    lines.push(failure);
    write(failure);
  }
  write(`\n${lines.join('\n')}`);
  return holds;
};

if (values.help) write(USAGE);
else process.exitCode = (await runAll()) ? 0 : 1;
