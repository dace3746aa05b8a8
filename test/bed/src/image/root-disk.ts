import { chmod, cp, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { needlessUnits } from '../guest/needless-units.ts';
import { run } from '../process/spawn.ts';
import type { Tools } from '../tools.ts';
import { importImages } from './import-images.ts';
import { buildInitramfs } from './initramfs.ts';

export interface RootDiskSources {
  /** Directory of `ensureNodeTree`. */
  readonly nodeTree: string;
  /** Directory of `ensureContainerImages`. */
  readonly containers: string;
  readonly tools: Tools;
}

/** Directory of the sources for the guest. */
export const guestDirectory = join(import.meta.dirname, '..', 'guest');

const rootDiskSize = '12G';

const programs = {
  '/usr/local/bin': ['kubelet', 'containerd', 'containerd-shim-runc-v2', 'ctr'],
  '/opt/cni/bin': ['bridge', 'loopback', 'host-local'],
} as const;

/** Writes `root.raw`, `vmlinuz` and `initramfs` of a node into a directory. */
export async function buildRootDisk(directory: string, sources: RootDiskSources, signal: AbortSignal): Promise<void> {
  const tree = join(directory, 'tree');
  await mkdir(tree);
  await run('tar', ['-xpf', join(sources.nodeTree, 'root.tar'), '-C', tree], { signal });
  await installKernel(tree, directory, sources.nodeTree, signal);
  await configure(tree);
  await installPrograms(tree, sources.tools);
  await importImages({ tree, containers: sources.containers, scratch: directory, tools: sources.tools, signal });
  const image = join(directory, 'root.raw');
  await run('truncate', ['-s', rootDiskSize, image], { signal });
  await run('mkfs.ext4', ['-q', '-L', 'root', '-E', 'lazy_itable_init=1,lazy_journal_init=1', '-d', tree, image], {
    signal,
  });
  await rm(tree, { recursive: true });
}

async function installKernel(tree: string, directory: string, nodeTree: string, signal: AbortSignal): Promise<void> {
  await run('dpkg-deb', ['-x', join(nodeTree, 'kernel.deb'), join(directory, 'kernel')], { signal });
  const modules = join(directory, 'kernel/usr/lib/modules');
  const [kernelVersion] = await readdir(modules);
  if (kernelVersion === undefined) throw new Error('the kernel package has no directory of modules');
  await cp(modules, join(tree, 'usr/lib/modules'), { recursive: true });
  // Unpacked here once, instead of in every boot under emulation.
  await run('find', [join(tree, 'usr/lib/modules'), '-name', '*.ko.xz', '-exec', 'xz', '-d', '{}', '+'], { signal });
  await run('chroot', [tree, 'depmod', kernelVersion], { signal });
  await run('mv', [join(directory, `kernel/boot/vmlinuz-${kernelVersion}`), join(directory, 'vmlinuz')]);
  await rm(join(directory, 'kernel'), { recursive: true });
  const init = join(guestDirectory, 'initramfs-init');
  await buildInitramfs(join(directory, 'initramfs'), { tree, kernelVersion, init }, signal);
}

async function configure(tree: string): Promise<void> {
  // resolv.conf of the tree is a link to the host's choice at the time of debootstrap.
  await rm(join(tree, 'etc/resolv.conf'), { force: true });
  await cp(join(guestDirectory, 'root'), tree, { recursive: true, force: true });
  const units = join(tree, 'etc/systemd/system');
  for (const unit of needlessUnits) {
    await rm(join(units, unit), { force: true });
    await symlink('/dev/null', join(units, unit));
  }
  await mkdir(join(units, 'multi-user.target.wants'), { recursive: true });
  for (const unit of ['containerd.service', 'kubelet.service', 'bed-network.service']) {
    await symlink(`../${unit}`, join(units, 'multi-user.target.wants', unit));
  }
  await rm(join(units, 'default.target'), { force: true });
  await symlink('/usr/lib/systemd/system/multi-user.target', join(units, 'default.target'));
  await writeFile(join(tree, 'etc/fstab'), '/dev/vda / ext4 defaults,noatime 0 0\n');
  await writeFile(join(tree, 'etc/machine-id'), '');
  await Promise.all(['etc/.updated', 'var/.updated'].map((stamp) => writeFile(join(tree, stamp), '')));
  await chmod(join(tree, 'usr/local/sbin/bed-network'), 0o755);
}

async function installPrograms(tree: string, tools: Tools): Promise<void> {
  for (const [directory, names] of Object.entries(programs)) {
    await mkdir(join(tree, directory), { recursive: true });
    for (const name of names) {
      await cp(tools.path(name), join(tree, directory, name));
      await chmod(join(tree, directory, name), 0o755);
    }
  }
}
