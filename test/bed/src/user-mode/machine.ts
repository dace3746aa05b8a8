import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecOptions, ExecResult } from '../node/guest-agent.ts';
import { findDaemon, run, startDaemon } from '../process/spawn.ts';
import { runInMachine, waitForFile } from './commands.ts';

/** A disk of a machine. It keeps its content over a power cut. */
export interface UserModeDisk {
  readonly name: string;
  readonly bytes: number;
}

export interface UserModeOptions {
  /** Unique within the run directory. */
  readonly name: string;
  readonly runDir: string;
  readonly logFile: string;
  /** From `ensureUserModeTree`. */
  readonly tree: string;
  /** They are /dev/ubdb, /dev/ubdc and so on in the machine. */
  readonly disks: readonly UserModeDisk[];
  readonly signal: AbortSignal;
}

/**
 * A machine whose Linux kernel runs as a process of this one (User-Mode Linux, Documentation/virt/uml in Linux 6.1): it has a
 * device mapper and file systems of its own, and needs neither virtualisation nor emulation. It has no NVMe and no SCSI disks,
 * and its root file system is in memory: what must last is on the disks.
 */
export interface UserModeMachine {
  /** Runs a command as root; an exit code other than 0 is a result. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** Boots it; returns when commands can be run. */
  boot(): Promise<void>;
  /** Ends it at once: what its kernel has not written to the disks is lost. */
  powerCut(): Promise<void>;
  /** Ends it and removes its disks. */
  remove(): Promise<void>;
}

const BOOT_MS = 60_000;
const MEMORY = '512M';

/** A machine that is not booted yet, with empty disks. */
export async function createUserModeMachine(options: UserModeOptions): Promise<UserModeMachine> {
  const { name, runDir, logFile, tree, disks, signal } = options;
  const directory = join(runDir, name);
  const [exchange, terminal] = [join(directory, 'exchange'), join(directory, 'terminal')];
  await rm(directory, { recursive: true, force: true });
  await mkdir(exchange, { recursive: true });
  await run('mkfifo', ['-m', '600', terminal], { signal });
  const imageOf = (disk: UserModeDisk): string => join(directory, `${disk.name}.img`);
  for (const disk of disks) await run('truncate', ['-s', String(disk.bytes), imageOf(disk)], { signal });
  const kernelArguments = [
    ...[`mem=${MEMORY}`, 'root=/dev/root', 'rootfstype=hostfs', `rootflags=${tree}`, 'ro', 'init=/init'],
    ...[`exchange=${exchange}`, `uml_dir=${directory}/`, `umid=${name}`],
    ...['con=null', 'con0=null,fd:1', 'ssl=null', 'ssl0=fd:0,null', 'quiet'],
    ...disks.map((disk, index) => `ubd${index + 1}=${imageOf(disk)}`),
  ];

  const powerCut = async () => {
    const daemon = await findDaemon(runDir, name);
    if (daemon === undefined) return;
    // The kernel is several processes of one group.
    process.kill(-daemon.pid, 'SIGKILL');
    await daemon.stop();
  };
  return {
    exec: (argv, execOptions) => runInMachine({ terminal, exchange }, argv, { signal, ...execOptions }),
    async boot() {
      const booted = join(exchange, 'booted');
      await rm(booted, { force: true });
      // Opened for reading and writing, a FIFO neither blocks nor ends.
      const args = ['-c', 'exec "$@" <>"$0"', terminal, 'linux.uml', ...kernelArguments];
      await startDaemon({ name, file: 'sh', args, runDir, logFile });
      await waitForFile(booted, AbortSignal.any([signal, AbortSignal.timeout(BOOT_MS)])).catch((error: unknown) => {
        signal.throwIfAborted();
        throw new Error(`${name} has not booted within ${BOOT_MS} ms; see ${logFile}`, { cause: error });
      });
    },
    powerCut,
    async remove() {
      await powerCut();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
