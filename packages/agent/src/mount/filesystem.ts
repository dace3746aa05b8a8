import { AppError } from '@berth/contract/errors';
import type { FsType } from '@berth/contract/volume-request';
import type { CommandResult } from '@berth/runtime/spawn';
import { probeContent } from '../disks/content-probe.ts';
import type { Host } from '../host/host.ts';
import { filesystemUuid } from './filesystem-uuid.ts';
import { decideFormat, type VolumeContent } from './format-decision.ts';

export interface PrepareOptions {
  readonly volume: string;
  readonly device: string;
  readonly sizeBytes: number;
  readonly fsType: FsType;
  readonly isNew: boolean;
  /** Checked words for mkfs beside our own. */
  readonly mkfsOptions: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

const PROBE_MS = 30_000;
/** mkfs discards the whole volume first, which takes long on some disks. */
const MKFS_MS = 10 * 60_000;

/**
 * Makes sure that a volume carries its file system: formats a new one once, finishes or redoes our own interrupted mkfs, and
 * refuses the rest as `decideFormat` says. Repeatable; the caller takes the mark "new" off afterwards.
 */
export const prepareFilesystem = async (host: Host, options: PrepareOptions): Promise<void> => {
  const { volume, fsType, isNew, signal } = options;
  const uuid = filesystemUuid(volume);
  const content = await readContent(host, options);
  const step = decideFormat({ volume, wanted: fsType, uuid, isNew, content });
  if (step === 'mount') return;
  const isToBeMade = step === 'format' || (await wasInterrupted(host, options));
  if (!isToBeMade) return verify(host, options, signal);
  await makeFilesystem(host, { ...options, uuid, overwrite: step !== 'format' });
  if (options.mkfsOptions.length > 0) await checkWork(host, options);
};

/**
 * Command line that makes the file system; the UUID ties it to this volume. An option that is there twice counts as it was said last
 * (mke2fs), or adds up (mkfs.xfs(8)).
 */
export const mkfsCommand = (options: {
  readonly fsType: FsType;
  readonly device: string;
  readonly uuid: string;
  readonly overwrite: boolean;
  readonly mkfsOptions: readonly string[];
}): readonly [string, ...string[]] => {
  const { fsType, device, uuid, overwrite, mkfsOptions } = options;
  return fsType === 'xfs'
    ? ['mkfs.xfs', '-q', ...(overwrite ? ['-f'] : []), ...mkfsOptions, '-m', `uuid=${uuid}`, device]
    : ['mkfs.ext4', '-q', ...(overwrite ? ['-F'] : []), '-m', '0', ...mkfsOptions, '-U', uuid, device];
};

/** Mount options of a file system beside the user's: XFS refuses a second file system with the same UUID otherwise (trap 7). */
export const mountFlags = (fsType: FsType, wanted: readonly string[]): string[] => [
  ...new Set([...(fsType === 'xfs' ? ['nouuid'] : []), ...wanted]),
];

/** Grows a mounted file system to its device's size; nothing happens when it has it already. */
export const growFilesystem = async (
  host: Host,
  options: { fsType: string; device: string; mountPoint: string; signal?: AbortSignal | undefined },
): Promise<void> => {
  const { fsType, device, mountPoint, signal } = options;
  if (fsType === 'xfs') await must(host, ['xfs_growfs', mountPoint], MKFS_MS, signal);
  else await must(host, ['resize2fs', device], MKFS_MS, signal);
};

const readContent = async (host: Host, { device, sizeBytes, signal }: PrepareOptions): Promise<VolumeContent> => {
  const content = await probeContent(host, { path: device, sizeBytes }, signal);
  if (content.kind === 'blank') return content;
  if (content.kind === 'unknown') {
    throw new AppError('Unavailable', `what is on ${device} can't be told: ${content.reason}`);
  }
  const { TYPE: type, UUID: uuid = '', USAGE: usage } = content.fields;
  if (type === undefined || usage !== 'filesystem') return { kind: 'other', found: content.found };
  return { kind: 'filesystem', type, uuid };
};

/** A caller who gives up does not stop it: kubelet comes back after two minutes, and a slow disk would never get done. */
const makeFilesystem = (
  host: Host,
  options: PrepareOptions & { readonly uuid: string; readonly overwrite: boolean },
): Promise<void> => must(host, mkfsCommand(options), MKFS_MS);

/** Options can make something else of it, ext2 for example, which would be refused only when the volume has data. */
const checkWork = async (host: Host, options: PrepareOptions): Promise<void> => {
  const { volume, fsType, mkfsOptions } = options;
  const content = await readContent(host, options);
  if (content.kind === 'filesystem' && content.type === fsType) return;
  const found = content.kind === 'filesystem' ? content.type : content.kind === 'other' ? content.found : 'nothing';
  throw new AppError(
    'FailedPrecondition',
    `mkfs with ${mkfsOptions.join(' ')} made ${found} of ${volume}, not ${fsType}; correct the options, remove the claim and make it again`,
  );
};

/**
 * mkfs.xfs sets the superblock's field sb_inprogress and clears it as its last act; the kernel never mounts such a file system,
 * so nobody's data can be on it. mkfs.ext4 writes the superblock last: an interrupted one reads as blank.
 */
const wasInterrupted = async (host: Host, { fsType, device, signal }: PrepareOptions): Promise<boolean> => {
  if (fsType !== 'xfs') return false;
  const result = await run(host, ['xfs_db', '-r', '-c', 'sb 0', '-c', 'print inprogress', device], PROBE_MS, signal);
  return result.exitCode === 0 && /^inprogress = 1$/m.test(result.stdout);
};

const verify = async (host: Host, { volume, fsType, device }: PrepareOptions, signal?: AbortSignal): Promise<void> => {
  const argv = fsType === 'xfs' ? (['xfs_repair', '-n', device] as const) : (['e2fsck', '-n', '-f', device] as const);
  const result = await run(host, argv, MKFS_MS, signal);
  if (result.exitCode === 0) return;
  throw new AppError(
    'FailedPrecondition',
    `the new volume ${volume} has a damaged file system (${argv[0]} ended with exit code ${result.exitCode}); remove the claim and make it again`,
  );
};

const must = async (
  host: Host,
  argv: readonly [string, ...string[]],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  const result = await run(host, argv, timeoutMs, signal);
  if (result.exitCode === 0) return;
  const said = (result.stderr || result.stdout).trim();
  throw new AppError('Internal', `${argv.join(' ')} failed with exit code ${result.exitCode}: ${said}`);
};

const run = (
  host: Host,
  argv: readonly [string, ...string[]],
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<CommandResult> => host.run(argv, { timeoutMs, ...(signal && { signal }) });
