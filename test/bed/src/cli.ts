import { writeSync } from 'node:fs';
import { runCommand } from './commands.ts';
import { readEnvironment } from './environment.ts';
import { createPaths } from './paths.ts';
import { createPlainProgress } from './progress.ts';

// Ctrl-C while a bed starts ends what was started; processes run in sessions of their own and don't get the signal themselves.
const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => interrupt.abort(new Error(`interrupted by ${name}`)));
}
try {
  process.exitCode = await runCommand(process.argv.slice(2), {
    paths: createPaths(readEnvironment()),
    progress: createPlainProgress((line) => writeSync(2, `${line}\n`)),
    signal: interrupt.signal,
    print: (text) => writeSync(1, text),
  });
} catch (error) {
  const reason: unknown = interrupt.signal.aborted ? interrupt.signal.reason : error;
  writeSync(2, `${reason instanceof Error ? reason.message : String(reason)}\n`);
  process.exitCode = 1;
}
