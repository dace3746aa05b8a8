import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readEnvironment } from '@berth/bed/environment';
import { createPaths } from '@berth/bed/paths';
import { createPlainProgress } from '@berth/bed/progress';
import { createLiveProgress, type LiveProgress } from './live-progress.ts';
import { runDemo } from './run-demo.ts';

const USAGE = `usage: scripts/demo [--keep]

  Starts a Kubernetes cluster of three virtual machines, brings Berth into it, and shows an Elasticsearch-shaped
  StatefulSet on local disks. Exit code 0 means that everything it shows was read back and is true.

  --keep    leave the cluster running at the end
`;

const plainProgress = (): LiveProgress => {
  const print = (line: string) => void writeSync(1, `${line}\n`);
  return { ...createPlainProgress(print), print, close: () => {} };
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: { keep: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    writeSync(1, USAGE);
    return;
  }
  const interrupt = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => interrupt.abort(new Error(`interrupted by ${name}`)));
  }
  const progress = process.stdout.isTTY ? createLiveProgress(process.stdout) : plainProgress();
  try {
    const paths = createPaths(readEnvironment());
    await runDemo({ paths, progress, signal: interrupt.signal, keep: values.keep });
  } finally {
    progress.close();
  }
};

try {
  await main();
} catch (error) {
  writeSync(2, `\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
