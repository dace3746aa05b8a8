import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../process/spawn.ts';

export interface InitramfsSources {
  /** The node's unpacked file system with its kernel modules, which are not compressed. */
  readonly tree: string;
  /** Version of the kernel, as its modules' directory is named. */
  readonly kernelVersion: string;
  /** The script that becomes /init. */
  readonly init: string;
}

/** Writes a small initramfs: the driver of the root disk and a shell that switches to it. */
export async function buildInitramfs(file: string, sources: InitramfsSources, signal: AbortSignal): Promise<void> {
  const directory = `${file}.tree`;
  await mkdir(join(directory, 'bin'), { recursive: true });
  await Promise.all(['dev', 'root'].map((name) => mkdir(join(directory, name))));
  await copyFile(join(sources.tree, 'usr/bin/busybox'), join(directory, 'bin/busybox'));
  await writeFile(join(directory, 'init'), await readFile(sources.init), { mode: 0o755 });
  const module = join(sources.tree, 'usr/lib/modules', sources.kernelVersion, 'kernel/drivers/block/virtio_blk.ko');
  await copyFile(module, join(directory, 'virtio_blk.ko'));
  const pack =
    'find . -mindepth 1 | LC_ALL=C sort | cpio --quiet --create --format=newc --owner=0:0 --reproducible > "$1"';
  await run('sh', ['-euc', pack, 'sh', file], { cwd: directory, signal });
  await rm(directory, { recursive: true });
}
