import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run, startDaemon } from '../process/spawn.ts';
import type { Tools } from '../tools.ts';

export interface ImportOptions {
  /** The node's file system; containerd's directory in it is filled. */
  readonly tree: string;
  /** Directory of OCI layouts. */
  readonly containers: string;
  /** Directory for what is needed meanwhile. */
  readonly scratch: string;
  readonly tools: Tools;
  readonly signal: AbortSignal;
}

/**
 * Puts container images into a node's file system, unpacked, as the containerd in it would have done: a containerd of the host
 * does it, which takes seconds where an emulated one takes minutes.
 */
export async function importImages({ tree, containers, scratch, tools, signal }: ImportOptions): Promise<void> {
  const state = join(scratch, 'containerd');
  const socket = join(state, 'containerd.sock');
  await mkdir(state, { recursive: true });
  await writeFile(join(state, 'config.toml'), configuration(join(tree, 'var/lib/containerd'), state, socket));
  const containerd = await startDaemon({
    name: 'import-containerd',
    file: tools.path('containerd'),
    args: ['--config', join(state, 'config.toml')],
    runDir: scratch,
    logFile: join(scratch, 'import-containerd.log'),
  });
  try {
    const ctr = (args: readonly string[]) =>
      run(tools.path('ctr'), ['--address', socket, '-n', 'k8s.io', ...args], { signal });
    await waitForContainerd(() => ctr(['version']), signal);
    for (const name of await readdir(containers)) {
      const archive = join(state, `${name}.tar`);
      await run('tar', ['-C', join(containers, name), '-cf', archive, '.'], { signal });
      await ctr(['images', 'import', '--local', '--snapshotter', 'overlayfs', archive]);
      await rm(archive);
    }
  } finally {
    await containerd.stop();
    await rm(state, { recursive: true, force: true });
  }
}

function configuration(root: string, state: string, socket: string): string {
  const disabled = ['io.containerd.grpc.v1.cri', 'io.containerd.cri.v1.images', 'io.containerd.cri.v1.runtime'];
  return [
    'version = 3',
    `root = '${root}'`,
    `state = '${state}'`,
    `disabled_plugins = ${JSON.stringify(disabled)}`,
    '[grpc]',
    `address = '${socket}'`,
    '',
  ].join('\n');
}

async function waitForContainerd(ask: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await ask();
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await delay(100, undefined, { signal });
    }
  }
}
