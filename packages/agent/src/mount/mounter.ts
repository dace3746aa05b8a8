import { AppError } from '@berth/contract/errors';
import type { Host } from '../host/host.ts';
import { findMountAt, findMountsOfDevice, type Mount, readAllMounts, readHostMounts } from './mount-table.ts';

/** Mounts and unmounts in the host's mount namespace. */
export interface Mounter {
  mountAt(path: string): Promise<Mount | undefined>;
  mounts(): Promise<readonly Mount[]>;
  /** Mounts of a device, given as `major:minor`, in any mount namespace. */
  mountsOfDevice(device: string): Promise<readonly Mount[]>;
  /** Mounts a device's file system. */
  mount(options: {
    readonly device: string;
    readonly target: string;
    readonly fsType: string;
    readonly flags: readonly string[];
    readonly signal?: AbortSignal | undefined;
  }): Promise<void>;
  /** Makes a path appear at another one; read-only when asked for. Finishes a bind that was cut short. */
  bind(options: {
    readonly source: string;
    readonly target: string;
    readonly readOnly: boolean;
    readonly signal?: AbortSignal | undefined;
  }): Promise<void>;
  /**
   * Unmounts everything at a path; fine when nothing is. Throws FailedPrecondition while it is in use: success is never told
   * of something that is still mounted (trap 59).
   */
  unmount(path: string, signal?: AbortSignal): Promise<void>;
}

const MOUNT_MS = 60_000;
/** More mounts on top of each other at one path than anything sensible makes. */
const MOST_LAYERS = 16;

/** XFS is repaired by nothing but xfs_repair, and that by nobody but a person. */
const repairAdvice = (device: string): string =>
  `; if the kernel's log (dmesg) tells of damage, run xfs_repair ${device} on the node by hand`;

export const createMounter = (options: { readonly host: Host; readonly procDir: string }): Mounter => {
  const { host, procDir } = options;
  const mounts = () => readHostMounts(procDir);
  const mountAt = async (path: string) => findMountAt(await mounts(), path);

  const run = async (
    argv: readonly [string, ...string[]],
    signal: AbortSignal | undefined,
    advice = '',
  ): Promise<void> => {
    const result = await host.run(argv, { timeoutMs: MOUNT_MS, ...(signal && { signal }) });
    if (result.exitCode === 0) return;
    const said = result.stderr.trim();
    const code = /busy/i.test(said) ? 'FailedPrecondition' : 'Internal';
    throw new AppError(
      code,
      `${argv[0]} of ${argv[argv.length - 1]} failed with exit code ${result.exitCode}: ${said}${advice}`,
    );
  };

  return {
    mountAt,
    mounts,
    mountsOfDevice: async (device) => findMountsOfDevice(await readAllMounts(procDir), device),
    mount: ({ device, target, fsType, flags, signal }) =>
      run(
        ['mount', '-t', fsType, ...(flags.length > 0 ? ['-o', flags.join(',')] : []), device, target],
        signal,
        fsType === 'xfs' ? repairAdvice(device) : '',
      ),
    bind: async ({ source, target, readOnly, signal }) => {
      const existing = await mountAt(target);
      if (existing === undefined) await run(['mount', '--bind', source, target], signal);
      // Linux ignores other options in the call that binds (mount(8)).
      if (readOnly && !existing?.options.includes('ro')) await run(['mount', '-o', 'remount,bind,ro', target], signal);
    },
    unmount: async (path, signal) => {
      for (let layer = 0; layer < MOST_LAYERS; layer += 1) {
        if ((await mountAt(path)) === undefined) return;
        await run(['umount', path], signal);
      }
      throw new AppError('Internal', `${path} is still mounted after ${MOST_LAYERS} unmounts`);
    },
  };
};
