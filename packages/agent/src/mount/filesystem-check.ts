import { AppError } from '@berth/contract/errors';
import type { FsType } from '@berth/contract/volume-request';
import type { Host } from '../host/host.ts';
import type { Mounter } from './mounter.ts';

export interface CheckOptions {
  readonly volume: string;
  /** Path of the device. */
  readonly device: string;
  /** Its `major:minor`, as far as it is known; e2fsck itself also refuses what is mounted. */
  readonly deviceNumber: string | undefined;
  readonly fsType: FsType;
  /** Options of the mount that follows. */
  readonly flags: readonly string[];
}

/** A file system that the kernel has found errors in is read as a whole, which takes long on a large HDD. */
const CHECK_MS = 60 * 60_000;

/** Exit codes of e2fsck(8) are sums of these; it may go on with no other. */
const REPAIRED = 1;
const LEFT_DAMAGED = 4;

/**
 * Brings an ext4 file system that was in use before in order, as far as that is safe: the journal is replayed, and what e2fsck
 * repairs unasked is repaired. A clean one costs the reading of its superblock. XFS has nothing of the kind: the kernel replays its
 * log, and more is for a person to decide. Nothing is done before a mount that is to be read-only, and while the device is mounted
 * anywhere, because the kernel has it in hand then. Throws FailedPrecondition for damage that needs a person. Repeatable.
 */
export const checkFilesystem = async (
  { host, mounter }: { readonly host: Host; readonly mounter: Mounter },
  { volume, device, deviceNumber, fsType, flags }: CheckOptions,
): Promise<void> => {
  if (fsType !== 'ext4' || isReadOnly(flags)) return;
  if ((await mounter.mountsOfDevice(deviceNumber ?? '')).length > 0) return;
  // Like mkfs, it goes on when the caller gives up: a check that is begun anew every two minutes would never get done.
  const { exitCode, stdout, stderr } = await host.run(['e2fsck', '-p', device], { timeoutMs: CHECK_MS });
  if (exitCode === 0 || exitCode === REPAIRED) return;
  const said = `${stdout.trim()} ${stderr.trim()}`.trim();
  if (exitCode & LEFT_DAMAGED) {
    throw new AppError(
      'FailedPrecondition',
      `the file system of ${volume} has damage that is not repaired without asking; run e2fsck ${device} on the node by hand, with a copy of the data at hand: ${said}`,
    );
  }
  throw new AppError('Internal', `e2fsck -p ${device} failed with exit code ${exitCode}: ${said}`);
};

/** As mount(8) takes them: of contradicting options the last one counts. */
const isReadOnly = (flags: readonly string[]): boolean =>
  flags.flatMap((flag) => flag.split(',')).findLast((flag) => flag === 'ro' || flag === 'rw') === 'ro';
