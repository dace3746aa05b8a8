import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Accelerator } from '../node/accelerator.ts';
import { run } from '../process/spawn.ts';
import { ensureCacheEntry } from './cache-entry.ts';
import { contentKey } from './content-key.ts';
import { bootstrapTree, suite, type TreeContext } from './debian-tree.ts';

/** The program that machines run in. */
export interface Emulator {
  /** Absolute path of a qemu-system-x86_64. */
  readonly program: string;
  /** A machine that was saved under one emulator is only restored by one with the same name. */
  readonly name: string;
}

/** Against QEMU 7.2 of Debian 12, measured with 10.0: LVM commands in half the time, a node up to its agent with a fifth less work. */
const FAST_SINCE = 10;

const packages = ['qemu-system-x86', 'seabios'];

const script = `#!/bin/sh
# QEMU of Debian ${suite} with the libraries that it was built for.
usr=$(dirname "$(readlink -f "$0")")/tree/usr
libraries=$usr/lib/x86_64-linux-gnu
export QEMU_MODULE_DIR="$libraries/qemu"
exec "$usr/lib64/ld-linux-x86-64.so.2" --library-path "$libraries" "$usr/bin/qemu-system-x86_64" \\
  -L "$usr/share/qemu" -L "$usr/share/seabios" "$@"
`;

/** What the script does not need. */
const slim = `
  rm -rf boot dev etc home media mnt opt proc root run srv sys tmp var usr/sbin usr/games usr/include usr/local
  find usr/bin -mindepth 1 ! -name qemu-system-x86_64 -delete
  find usr/share -mindepth 1 -maxdepth 1 ! -name qemu ! -name seabios -exec rm -r {} +`;

/**
 * The QEMU of this machine where it only passes on to KVM or is a fast one; else the newer one of the nodes' Debian, in the cache,
 * for its translator is what emulated nodes wait for.
 */
export async function ensureEmulator(context: TreeContext, accelerator: Accelerator): Promise<Emulator> {
  const { stdout: found } = await run('sh', ['-c', 'command -v qemu-system-x86_64']);
  const own = { program: found.trim(), name: await versionOf(found.trim()) };
  const major = Number(/version (\d+)/.exec(own.name)?.[1]);
  if (accelerator === 'kvm' || major >= FAST_SINCE) return own;
  const key = `emulator-${contentKey([suite, ...packages, script, slim])}`;
  const directory = await ensureCacheEntry({
    ...context,
    key,
    build: async (unfinished) => {
      const tree = join(unfinished, 'tree');
      await bootstrapTree(context, packages, tree);
      await run('sh', ['-euc', slim], { cwd: tree, signal: context.signal });
      await writeFile(join(unfinished, 'qemu'), script);
      await chmod(join(unfinished, 'qemu'), 0o755);
    },
  });
  const program = join(directory, 'qemu');
  return { program, name: await versionOf(program) };
}

async function versionOf(program: string): Promise<string> {
  return (await run(program, ['--version'])).stdout.split('\n')[0] ?? '';
}
