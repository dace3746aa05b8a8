import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../process/spawn.ts';
import { ensureCacheEntry } from './cache-entry.ts';
import { contentKey } from './content-key.ts';

/** Debian release of the nodes and of the container images. */
export const suite = 'trixie';

const kernelMetapackage = 'linux-image-cloud-amd64';

/** Packages of a node, besides Debian's essential ones. */
const nodePackages = [
  ...['systemd', 'systemd-sysv', 'udev', 'dbus', 'kmod', 'qemu-guest-agent', 'busybox-static', 'procps'],
  ...['lvm2', 'thin-provisioning-tools', 'xfsprogs', 'e2fsprogs', 'util-linux', 'mount', 'smartmontools'],
  ...['runc', 'iproute2', 'iptables', 'ca-certificates', 'strace'],
];

/** Packages of the base container image: what the Node.js binary links to, and nsenter. */
const containerPackages = ['libstdc++6', 'libatomic1', 'util-linux'];

export interface TreeContext {
  /** Directory of the cache's image entries. */
  readonly root: string;
  readonly signal: AbortSignal;
}

/** A directory with `root.tar` (the node's file system) and `kernel.deb`. Needs Debian's mirror, but only the first time. */
export async function ensureNodeTree(context: TreeContext): Promise<string> {
  const key = `node-tree-${contentKey([suite, kernelMetapackage, ...nodePackages])}`;
  return await ensureTree(context, key, nodePackages, async (tree, directory) => {
    const inTree = (script: string) => run('chroot', [tree, 'sh', '-euc', script], { signal: context.signal });
    // The package is unpacked and not installed: that would pull in the tools for an initramfs, which we make ourselves.
    await inTree(`
      apt-get -q update
      cd /tmp
      apt-get -q download "$(apt-cache depends ${kernelMetapackage} | sed -n 's/.*Depends: //p' | head -n 1)"
      mv linux-image-*.deb /kernel.deb`);
    await run('mv', [join(tree, 'kernel.deb'), directory]);
  });
}

/** A directory with `root.tar`, the Debian part of the base container image. */
export async function ensureContainerTree(context: TreeContext): Promise<string> {
  const key = `container-tree-${contentKey([suite, ...containerPackages])}`;
  return await ensureTree(context, key, containerPackages, async () => {});
}

async function ensureTree(
  { root, signal }: TreeContext,
  key: string,
  packages: readonly string[],
  finish: (tree: string, directory: string) => Promise<void>,
): Promise<string> {
  return await ensureCacheEntry({
    root,
    key,
    signal,
    build: async (directory) => {
      const tree = join(directory, 'tree');
      await bootstrapTree({ root, signal }, packages, tree);
      await finish(tree, directory);
      await slim(tree, signal);
      await packTree(tree, join(directory, 'root.tar'), signal);
      await rm(tree, { recursive: true });
    },
  });
}

/** Unpacks and sets up Debian with these packages in a directory. What is fetched stays in the cache for other trees. */
export async function bootstrapTree(
  { root, signal }: TreeContext,
  packages: readonly string[],
  tree: string,
): Promise<void> {
  const archive = join(root, 'packages');
  await mkdir(archive, { recursive: true });
  const debootstrap = ['--variant=minbase', `--include=${packages.join(',')}`, `--cache-dir=${archive}`];
  await run('debootstrap', [...debootstrap, suite, tree, await findMirror(signal)], { signal });
}

/** The Debian mirror that this machine's own apt uses. */
async function findMirror(signal: AbortSignal): Promise<string> {
  const format = ['--format', '$(REPO_URI)', 'Created-By: Packages', 'Component: main', 'Origin: Debian'];
  const { stdout } = await run('apt-get', ['indextargets', ...format], { signal });
  const mirror = stdout.split('\n').find((uri) => uri !== '' && !uri.includes('security'));
  if (mirror === undefined)
    throw new Error('apt on this machine has no Debian mirror; name one in /etc/apt/sources.list');
  return mirror;
}

/** Packs a tree so that equal trees give equal archives. */
export async function packTree(tree: string, archive: string, signal: AbortSignal): Promise<void> {
  const options = ['--sort=name', '--mtime=@1', '--numeric-owner', '--xattrs', '--xattrs-include=security.capability'];
  await run('tar', [...options, '-C', tree, '-cf', archive, '.'], { signal });
}

async function slim(tree: string, signal: AbortSignal): Promise<void> {
  const needless = [
    ...['var/lib/apt/lists', 'var/cache/apt', 'var/log'],
    ...['usr/share/doc', 'usr/share/man', 'usr/share/info', 'usr/share/locale', 'usr/share/lintian'],
  ];
  const script = needless.map((directory) => `find ${directory} -mindepth 1 -delete 2>/dev/null || true`).join('\n');
  await run('sh', ['-euc', `${script}\nmkdir -p var/cache/apt/archives/partial var/lib/apt/lists/partial`], {
    cwd: tree,
    signal,
  });
}
