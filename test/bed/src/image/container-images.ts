import { copyFile, cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../process/spawn.ts';
import { ensureCacheEntry } from './cache-entry.ts';
import { contentKey } from './content-key.ts';
import { packTree, type TreeContext } from './debian-tree.ts';
import { writeOciLayout } from './oci-layout.ts';

/** Names of the images that every node has from the start. */
export const preloadedImages = {
  /** Holds a pod's namespaces. */
  pause: 'registry.bed:5000/pause:1',
  /** A shell and the usual commands, for workloads of tests. */
  busybox: 'registry.bed:5000/busybox:1',
  /** Debian with Node.js, on which Berth's own image is built. */
  base: 'registry.bed:5000/base:1',
} as const;

export type PreloadedImage = keyof typeof preloadedImages;

// As process 1 the shell also reaps what the pod's other processes leave behind, and it ends at once when told to.
const pauseScript = "trap 'exit 0' TERM INT; while :; do sleep 2147483647 & wait; done";

export interface ContainerImageSources {
  /** Archive of the node's file system, from which busybox is taken. */
  readonly nodeTree: string;
  /** Archive of the Debian part of the base image. */
  readonly containerTree: string;
  /** Node.js binary. */
  readonly nodeBinary: string;
  /** Version of that binary and identity of the trees. */
  readonly key: readonly string[];
}

/** A directory with an OCI layout for each preloaded image, named like its key in `preloadedImages`. */
export async function ensureContainerImages(context: TreeContext, sources: ContainerImageSources): Promise<string> {
  const ownCode = await Promise.all(
    ['container-images.ts', 'oci-layout.ts'].map((file) => readFile(join(import.meta.dirname, file), 'utf8')),
  );
  return await ensureCacheEntry({
    root: context.root,
    key: `containers-${contentKey([...sources.key, ...ownCode])}`,
    signal: context.signal,
    build: async (directory) => {
      await buildBusybox(directory, sources, context.signal);
      await buildBase(directory, sources, context.signal);
    },
  });
}

async function buildBusybox(directory: string, sources: ContainerImageSources, signal: AbortSignal): Promise<void> {
  const tree = join(directory, 'tree');
  const layer = join(directory, 'layer.tar');
  await mkdir(join(tree, 'bin'), { recursive: true });
  await mkdir(join(tree, 'tmp'), { mode: 0o777 });
  await run('tar', ['-xf', sources.nodeTree, '-C', tree, './usr/bin/busybox'], { signal });
  await run('mv', [join(tree, 'usr/bin/busybox'), join(tree, 'bin/busybox')]);
  await rm(join(tree, 'usr'), { recursive: true });
  const { stdout } = await run(join(tree, 'bin/busybox'), ['--list'], { signal });
  for (const applet of stdout.split('\n').filter((name) => name !== '' && name !== 'busybox')) {
    await symlink('busybox', join(tree, 'bin', applet));
  }
  await mkdir(join(tree, 'etc'));
  await writeFile(join(tree, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
  await writeFile(join(tree, 'etc/group'), 'root:x:0:\n');
  for (const [key, config] of [
    ['busybox', { Cmd: ['/bin/sh'], Env: ['PATH=/bin'] }],
    ['pause', { Entrypoint: ['/bin/sh', '-c', pauseScript], Env: ['PATH=/bin'] }],
  ] as const) {
    await packTree(tree, layer, signal);
    await writeOciLayout(join(directory, key), { name: preloadedImages[key], layers: [layer], config });
  }
  await rm(tree, { recursive: true });
}

async function buildBase(directory: string, sources: ContainerImageSources, signal: AbortSignal): Promise<void> {
  const tree = join(directory, 'tree');
  const [debian, node] = [join(directory, 'debian.tar'), join(directory, 'node.tar')];
  await mkdir(join(tree, 'usr/local/bin'), { recursive: true });
  await copyFile(sources.nodeBinary, join(tree, 'usr/local/bin/node'));
  await packTree(tree, node, signal);
  await rm(tree, { recursive: true });
  await cp(sources.containerTree, debian);
  await writeOciLayout(join(directory, 'base'), {
    name: preloadedImages.base,
    layers: [debian, node],
    config: { Cmd: ['/bin/sh'], Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin'] },
  });
}
