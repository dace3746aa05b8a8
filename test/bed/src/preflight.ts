import { access, mkdir, readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from './process/lock.ts';
import { run } from './process/spawn.ts';
import type { Progress } from './progress.ts';

/** What the machine was found to be; the pure rules below judge it. */
export interface Machine {
  readonly root: boolean;
  readonly tun: boolean;
  /** Such as 'go1.26.8'; undefined without Go. */
  readonly goVersion: string | undefined;
  /** Total memory and free space for the cache, in bytes. */
  readonly memory: number;
  readonly disk: number;
  readonly apt: boolean;
  /** Debian packages the bed needs that aren't there. */
  readonly missingPackages: readonly string[];
}

const GiB = 1024 ** 3;

/** A program each package brings, by which its presence is told, on other distributions too. */
const programOfPackage: Readonly<Record<string, string>> = {
  'qemu-system-x86': 'qemu-system-x86_64',
  'qemu-utils': 'qemu-img',
  buildah: 'buildah',
  debootstrap: 'debootstrap',
  iproute2: 'ip',
  'util-linux': 'nsenter',
  procps: 'sysctl',
  e2fsprogs: 'mkfs.ext4',
  cpio: 'cpio',
  'busybox-static': 'busybox',
  zstd: 'zstd',
  openssl: 'openssl',
};

/** Installs missing Debian packages after saying so. Throws an Error with one sentence for each thing it can't mend. */
export async function preflight(context: { cache: string; progress: Progress; signal: AbortSignal }): Promise<void> {
  const machine = await inspectMachine(context.cache);
  const problems = findProblems(machine);
  if (problems.length > 0)
    throw new Error(`This machine can't run a bed:\n${problems.map((line) => `- ${line}`).join('\n')}`);
  if (machine.missingPackages.length === 0) return;
  // Another bed that starts at the same moment needs the same ones, and apt-get does not wait for itself.
  await withLock(join(context.cache, 'packages.lock'), context.signal, () => installMissing(context));
}

async function installMissing({ cache, progress, signal }: Parameters<typeof preflight>[0]): Promise<void> {
  const { missingPackages } = await inspectMachine(cache);
  if (missingPackages.length === 0) return;
  await progress.step(`Install with apt-get: ${missingPackages.join(' ')}`, async () => {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['update'], { env, signal });
    await run('apt-get', ['install', '-y', '--no-install-recommends', ...missingPackages], { env, signal });
  });
}

/** One sentence for each thing that is missing and that the bed can't mend itself. */
export function findProblems(machine: Machine): readonly string[] {
  const problems: string[] = [];
  if (!machine.root) problems.push('The bed must run as root, because it makes a network namespace and taps.');
  if (!machine.tun)
    problems.push('/dev/net/tun is missing; load the kernel module tun or pass the device into this container.');
  if (machine.goVersion === undefined) {
    problems.push(
      'Go is missing; install Go 1.26 or newer and put it on PATH, because Kubernetes is built from its Go modules.',
    );
  } else if (!isNewEnough(machine.goVersion)) {
    problems.push(`${machine.goVersion} is too old; Go 1.26 or newer is needed.`);
  }
  if (machine.memory < 10 * GiB) {
    problems.push(`There are ${(machine.memory / GiB).toFixed(1)} GiB of memory; three nodes need at least 10 GiB.`);
  }
  if (machine.disk < 25 * GiB) {
    problems.push(
      `There are ${(machine.disk / GiB).toFixed(1)} GiB free for the cache; at least 25 GiB are needed (set BERTH_CACHE to a larger disk).`,
    );
  }
  if (!machine.apt && machine.missingPackages.length > 0) {
    problems.push(
      `This isn't Debian, so install what brings these Debian packages' programs yourself: ${machine.missingPackages.join(', ')}.`,
    );
  }
  return problems;
}

async function inspectMachine(cache: string): Promise<Machine> {
  await mkdir(cache, { recursive: true }).catch(() => undefined);
  const go = await run('go', ['env', 'GOVERSION']).catch(() => undefined);
  const missingPackages: string[] = [];
  for (const [name, program] of Object.entries(programOfPackage)) {
    const present = await run('sh', ['-c', `command -v ${program}`]).catch(() => undefined);
    if (present === undefined) missingPackages.push(name);
  }
  const space = await statfs(cache).catch(() => undefined);
  return {
    root: process.getuid?.() === 0,
    tun: await present('/dev/net/tun'),
    goVersion: go?.stdout.trim(),
    memory: 1024 * Number(/^MemTotal:\s+(\d+) kB/m.exec(await readFile('/proc/meminfo', 'utf8'))?.[1] ?? 0),
    disk: space === undefined ? 0 : space.bavail * space.bsize,
    apt: await present('/usr/bin/apt-get'),
    missingPackages,
  };
}

function isNewEnough(goVersion: string): boolean {
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(goVersion) ?? [];
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 26);
}

async function present(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
