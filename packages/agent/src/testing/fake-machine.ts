import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '@berth/contract/errors';
import type { CommandResult, Spawner } from '@berth/runtime/spawn';
import { mountInfo, runFakeProgram } from './fake-programs.ts';
import { EXTENT, type MachineState } from './machine-state.ts';

const SECTOR_BYTES = 512;

/** A node made of plain data, for tests: a Spawner whose programs act on it, a /proc that shows its mounts, a /sys with its volumes. */
export interface FakeMachine {
  readonly state: MachineState;
  readonly spawner: Spawner;
  readonly procDir: string;
  readonly sysDir: string;
  /** Writes the mounts to the fake /proc and the volumes' sizes to /sys; done by itself after each command. */
  sync(): void;
}

export const createFakeMachine = (state: MachineState, directory: string): FakeMachine => {
  const procDir = join(directory, 'proc');
  const sysDir = join(directory, 'sys');
  const shown = new Map<string, string>();
  const show = (file: string, text: string) => {
    if (shown.get(file) === text) return;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    shown.set(file, text);
  };
  const sync = () => {
    show(join(procDir, '1/mountinfo'), mountInfo(state));
    for (const { minor, extents, deviceExtents = extents } of state.groups.flatMap(({ lvs }) => lvs)) {
      show(join(sysDir, `dev/block/253:${minor}/size`), `${(deviceExtents * EXTENT) / SECTOR_BYTES}\n`);
    }
  };
  sync();
  const spawner: Spawner = {
    run: async (argv, options) => {
      const result = runWithFaults(state, argv);
      sync();
      if (result !== 'hang') return result;
      return new Promise((_, reject) => {
        const end = (code: 'Timeout' | 'Aborted') => {
          options.onEnded?.();
          reject(new AppError(code, `${argv[0]} was ended`));
        };
        options.signal?.addEventListener('abort', () => end('Aborted'));
        setTimeout(() => end('Timeout'), Math.min(options.timeoutMs, 200)).unref();
      });
    },
  };
  return { state, spawner, procDir, sysDir, sync };
};

/** Runs a program; a fault that matches is used up by it. */
export const runWithFaults = (state: MachineState, argv: readonly string[]): CommandResult | 'hang' => {
  const line = argv.join(' ');
  state.commands.push(line);
  const fault = state.faults.find(({ match }) => line.includes(match));
  if (fault === undefined) return runFakeProgram(state, argv);
  state.faults = state.faults.filter((each) => each !== fault);
  if (fault.how === 'hang') return 'hang';
  if (fault.how === 'fail-after') runFakeProgram(state, argv);
  return { exitCode: fault.exitCode ?? 5, stdout: '', stderr: fault.stderr ?? '  an injected failure' };
};
