import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { BedContext } from '@berth/bed/bed-parts';
import { readEnvironment } from '@berth/bed/environment';
import { createPaths } from '@berth/bed/paths';
import { createPlainProgress } from '@berth/bed/progress';
import { formatTable } from '@berth/e2e/demo/table';
import { benchAgent } from './agent/agent.ts';
import { benchBind } from './controller/bind.ts';
import { benchCapacity } from './controller/capacity.ts';
import { benchDemo } from './demo.ts';
import { benchGrowth } from './extender/growth.ts';
import { benchHttp } from './extender/http.ts';
import { benchMemory } from './extender/memory.ts';
import { describeMachine, readLoad } from './machine.ts';
import { benchBurst } from './placement/burst.ts';
import { benchPacking } from './placement/packing.ts';
import type { Result } from './result.ts';
import { benchScheduler } from './scheduler/scheduler.ts';
import { benchStage } from './stage/stage.ts';

/** By name: those that need nothing, those that need a control plane, those that need nodes. */
const BENCHMARKS: Readonly<Record<string, (context: BedContext) => Promise<Result[]>>> = {
  packing: ({ signal }) => benchPacking(signal),
  burst: ({ signal }) => benchBurst(signal),
  growth: ({ signal }) => benchGrowth(signal),
  http: ({ signal }) => benchHttp(signal),
  memory: ({ signal }) => benchMemory(signal),
  agent: benchAgent,
  bind: benchBind,
  capacity: benchCapacity,
  scheduler: benchScheduler,
  stage: benchStage,
  demo: benchDemo,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => BENCHMARKS[name] === undefined);
if (unknown.length > 0)
  throw new Error(`no benchmark ${unknown.join(', ')}; there is ${Object.keys(BENCHMARKS).join(', ')}`);

const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => interrupt.abort(new Error(`interrupted by ${name}`)));
}
const context: BedContext = {
  paths: createPaths(readEnvironment()),
  progress: createPlainProgress((line) => writeSync(2, `${line}\n`)),
  signal: interrupt.signal,
};

const loadBefore = readLoad();
const results: Result[] = [];
for (const [name, run] of Object.entries(BENCHMARKS)) {
  if (positionals.length === 0 || positionals.includes(name)) results.push(...(await run(context)));
}

const show = (value: number | null): string => (value === null ? '' : value.toFixed(2));
if (values.json) for (const result of results) console.log(JSON.stringify(result));
else {
  const rows = results.map((result) => [
    result.name,
    `${show(result.value)} ${result.unit}`,
    show(result.floor),
    show(result.ratio),
    String(result.goal),
    result.holds ? 'yes' : 'no',
  ]);
  console.log(formatTable(['NAME', 'VALUE', 'FLOOR', 'RATIO', 'GOAL', 'HOLDS'], rows).join('\n'));
  console.log(`\nmeasured on ${await describeMachine(loadBefore)}`);
}
process.exitCode = results.every(({ holds }) => holds) ? 0 : 1;
