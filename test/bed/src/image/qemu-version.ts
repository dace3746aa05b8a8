import { run } from '../process/spawn.ts';

/** The emulator's version line; a saved machine is only restored by the version that saved it. */
export async function qemuVersion(): Promise<string> {
  return (await run('qemu-system-x86_64', ['--version'])).stdout.split('\n')[0] ?? '';
}
