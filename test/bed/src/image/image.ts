import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Accelerator, chooseAccelerator } from '../node/accelerator.ts';
import { machineArguments } from '../node/qemu-arguments.ts';
import type { Paths } from '../paths.ts';
import type { Progress } from '../progress.ts';
import type { Tools } from '../tools.ts';
import { ensureCacheEntry } from './cache-entry.ts';
import { ensureContainerImages } from './container-images.ts';
import { contentKey, directoryKey } from './content-key.ts';
import { ensureContainerTree, ensureNodeTree } from './debian-tree.ts';
import { type Emulator, ensureEmulator } from './emulator.ts';
import { goldenSize, imageFiles, type NodeImage } from './node-image.ts';
import { buildRootDisk, guestDirectory } from './root-disk.ts';
import { buildSnapshot } from './snapshot.ts';

export interface ImageContext {
  paths: Paths;
  tools: Tools;
  progress: Progress;
  signal: AbortSignal;
}

/**
 * Makes everything that nodes are started from: file systems, container images, and a saved machine with containerd running.
 * What is in the cache already is not made again. Needs root, and Debian's mirror the first time.
 */
export async function ensureNodeImage({ paths, tools, progress, signal }: ImageContext): Promise<NodeImage> {
  const context = { root: join(paths.cache, 'images'), signal };
  const step = <T>(title: string, work: (say: (detail: string) => void) => Promise<T>) => progress.step(title, work);
  const nodeTree = await step('Debian for nodes', () => ensureNodeTree(context));
  const containerTree = await step('Debian for containers', () => ensureContainerTree(context));
  const nodeVersion = await nodePackageVersion(paths);
  const containers = await step('container images', () =>
    ensureContainerImages(context, {
      nodeTree: join(nodeTree, 'root.tar'),
      containerTree: join(containerTree, 'root.tar'),
      nodeBinary: join(paths.repository, 'node_modules/node/bin/node'),
      key: [nodeTree, containerTree, nodeVersion],
    }),
  );
  const accelerator = await step('processors of nodes', async (say) => {
    const choice = await chooseAccelerator(signal);
    say(choice.because);
    return choice.accelerator;
  });
  const emulator = await step('emulator', async (say) => {
    const chosen = await ensureEmulator(context, accelerator);
    say(chosen.name);
    return chosen;
  });
  const key = await machineKey({ accelerator, emulator }, [nodeTree, containers, tools.key]);
  const directory = await progress.step('node machine', (say) =>
    ensureCacheEntry({
      ...context,
      key: `machine-${key}`,
      build: async (unfinished) => {
        await buildRootDisk(unfinished, { nodeTree, containers, tools }, signal);
        say('root disk written');
        await symlink(emulator.program, imageFiles(unfinished).emulator);
        await buildSnapshot({ directory: unfinished, accelerator, say, signal });
      },
    }),
  );
  return { directory, containers, accelerator };
}

async function machineKey(
  { accelerator, emulator }: { accelerator: Accelerator; emulator: Emulator },
  parts: readonly string[],
): Promise<string> {
  const ownCode = ['root-disk.ts', 'import-images.ts', 'initramfs.ts', 'snapshot.ts'].map((file) =>
    readFile(join(import.meta.dirname, file), 'utf8'),
  );
  // Any change to the machine's make-up, even of the order of its devices, makes the saved state useless.
  const makeUp = machineArguments({
    ...goldenSize,
    accelerator,
    ...{ name: '', uuid: '', kernel: '', initramfs: '', rootDisk: '', qmpSocket: '', agentSocket: '', consoleLog: '' },
    memory: { kind: 'fresh' },
  });
  return contentKey([
    ...parts,
    ...makeUp,
    ...(await Promise.all(ownCode)),
    await directoryKey(guestDirectory),
    emulator.name,
  ]);
}

async function nodePackageVersion(paths: Paths): Promise<string> {
  const text = await readFile(join(paths.repository, 'node_modules/node/package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
