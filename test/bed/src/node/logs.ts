import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execInGuest } from './guest-agent.ts';
import type { NodeFiles, NodeState } from './node-state.ts';

const guestLogs: Readonly<Record<string, readonly string[]>> = {
  journal: ['journalctl', '--no-pager', '-o', 'short-iso', '-n', '20000'],
  kubelet: ['journalctl', '--no-pager', '-o', 'short-iso', '-u', 'kubelet'],
  containerd: ['journalctl', '--no-pager', '-o', 'short-iso', '-u', 'containerd'],
  kernel: ['dmesg'],
};

/** Writes what a node has logged into a directory, one file a source. A source that can't be read leaves a file that says why. */
export async function collectNodeLogs(directory: string, files: NodeFiles, state: NodeState): Promise<void> {
  await mkdir(directory, { recursive: true });
  const target = (source: string) => join(directory, `${state.name}-${source}.log`);
  if (target('console') !== files.consoleLog) await copyFile(files.consoleLog, target('console')).catch(() => {});
  for (const [source, argv] of Object.entries(guestLogs)) {
    const text = await execInGuest(files.agentSocket, argv, { timeoutMs: 60_000 }).then(
      (result) => result.stdout + result.stderr,
      (error: unknown) => `not collected: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    await writeFile(target(source), text);
  }
}
