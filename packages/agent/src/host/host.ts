import { AppError, hasCode } from '@berth/contract/errors';
import type { CommandOptions, CommandResult, Spawner } from '@berth/runtime/spawn';

/** Runs programs of the host: its own versions, in its own mount namespace. */
export interface Host {
  /**
   * Runs a host program to its end; a non-zero exit is a result. Errors as {@link Spawner.run}, except that a program
   * the host lacks is FailedPrecondition and names the package to install.
   */
  run(argv: readonly [string, ...string[]], options: CommandOptions): Promise<CommandResult>;
}

/** Exit code of nsenter(1), env(1) and shells for a program that does not exist. */
const NO_SUCH_PROGRAM = 127;

/** The prefix runs in the container, whose PATH is not the host's. */
const HOST_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const PACKAGES: Readonly<Record<string, string>> = {
  lvm: 'lvm2',
  'mkfs.xfs': 'xfsprogs',
  xfs_db: 'xfsprogs',
  xfs_repair: 'xfsprogs',
  xfs_growfs: 'xfsprogs',
  'mkfs.ext4': 'e2fsprogs',
  e2fsck: 'e2fsprogs',
  resize2fs: 'e2fsprogs',
  smartctl: 'smartmontools',
};

/** Programs without which the agent can do nothing, or not everything it is asked for. */
export const HOST_PROGRAMS = [
  'lvm',
  'lsblk',
  'blkid',
  'wipefs',
  'blkdiscard',
  'mount',
  'umount',
  'mkfs.xfs',
  'mkfs.ext4',
  'e2fsck',
] as const;

export const createHost = (options: { readonly spawner: Spawner; readonly prefix: readonly string[] }): Host => ({
  run: async (argv, commandOptions) => {
    const whole = [...options.prefix, ...argv];
    const env = { PATH: HOST_PATH, ...commandOptions.env };
    const result = await options.spawner.run(whole, { ...commandOptions, env }).catch((thrown: unknown) => {
      throw hasCode(thrown, 'NotFound') ? missing(argv[0], thrown) : thrown;
    });
    if (result.exitCode === NO_SUCH_PROGRAM) throw missing(argv[0], result.stderr);
    return result;
  },
});

/** Prints those of its arguments that are no programs; one process for all of them. */
const FIND_MISSING = 'for name; do command -v "$name" >/dev/null || echo "$name"; done';

/** Which of the programs the host lacks, as sentences; empty when all are there. */
export const findMissingPrograms = async (
  host: Host,
  programs: readonly string[],
  signal?: AbortSignal,
): Promise<string[]> => {
  const options = { timeoutMs: 30_000, ...(signal && { signal }) };
  const result = await host.run(['sh', '-c', FIND_MISSING, 'find-missing', ...programs], options);
  return result.stdout
    .split('\n')
    .filter((name) => name !== '')
    .map(missingSentence);
};

const missing = (program: string, cause: unknown): AppError =>
  new AppError('FailedPrecondition', missingSentence(program), { cause });

const missingSentence = (program: string): string =>
  `the node has no program ${program}; install the package ${PACKAGES[program] ?? 'util-linux'} on it`;
