import { setTimeout as delay } from 'node:timers/promises';
import { imageFiles } from '../image/node-image.ts';
import { type Birth, startMachine } from './machine.ts';
import type { MachineState, NodeFiles } from './node-state.ts';
import { plugCardIn, plugDiskIn } from './plugging.ts';
import { type Qmp, withQmp } from './qmp.ts';

/** Starts the saved generic machine, with this machine's card and disks. */
export async function restoreMachine(
  files: NodeFiles,
  state: MachineState,
  birth: Extract<Birth, 'restore' | 'restore-to-save'>,
  signal: AbortSignal,
): Promise<void> {
  await startMachine(files, state, birth);
  const { goldenState } = imageFiles(state.imageDirectory);
  await withQmp(files.qmpSocket, signal, async (qmp) => {
    await loadMachine(qmp, goldenState);
    if (state.card !== undefined) await plugCardIn(qmp, state.card);
    for (const disk of state.disks) await plugDiskIn(qmp, disk);
    // It was saved when it was stopped, and so it is still.
    await qmp.execute('cont');
  });
}

/** Loads a saved machine; it stays stopped. */
export async function loadMachine(qmp: Qmp, stateFile: string): Promise<void> {
  await qmp.execute('migrate-set-capabilities', { capabilities: [{ capability: 'x-ignore-shared', state: true }] });
  await qmp.execute('migrate-incoming', { uri: `exec:cat '${stateFile}'` });
  for (;;) {
    const { status, ...rest } = (await qmp.execute('query-migrate')) as { status?: string; 'error-desc'?: string };
    if (status === 'completed') return;
    if (status === 'failed') throw new Error(`the saved machine could not be loaded: ${rest['error-desc'] ?? status}`);
    await delay(20);
  }
}
