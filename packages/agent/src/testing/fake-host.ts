import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { runWithFaults } from './fake-machine.ts';
import type { MachineState } from './machine-state.ts';

/**
 * The fake machine as a program: `node fake-host.ts STATE.json lvm lvcreate …`. Used as the agent's command prefix, it makes
 * every host program act on the state in the file, through real processes.
 */
const [, , file = '', ...argv] = process.argv;
const state = JSON.parse(readFileSync(file, 'utf8')) as MachineState;
const result = runWithFaults(state, argv);
writeFileSync(`${file}.new`, JSON.stringify(state));
renameSync(`${file}.new`, file);
if (result === 'hang') setInterval(() => {}, 60_000);
else {
  process.stdout.write(result.stdout);
  process.stderr.write(result.stderr);
  process.exitCode = result.exitCode;
}
