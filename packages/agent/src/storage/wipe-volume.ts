import { AppError } from '@berth/contract/errors';
import { formatBytes, formatQuantity, parseQuantity } from '@berth/contract/quantity';
import type { LogicalVolume, LogicalVolumeStatus } from '@berth/contract/resources/logical-volume';
import type { WipePolicy } from '@berth/contract/volume-request';
import type { Host } from '../host/host.ts';
import type { Lvm } from '../lvm/command.ts';
import { activateVolume, devicePath, proveUnused } from '../lvm/logical-volume.ts';
import type { LogicalVolumeOnDisk } from '../lvm/report.ts';

type Wiping = Exclude<WipePolicy, 'none'>;

/**
 * Bytes of one step: a minute or so of a slow disk's time, so that stopping loses little and telling how far it is costs little. A
 * disk is done with a discard long before.
 */
const STEP_BYTES: Readonly<Record<Wiping, number>> = { discard: 256 * 1024 ** 3, zero: 4 * 1024 ** 3 };
/** Bytes that the kernel is asked to overwrite at once: older ones don't stop in between when the program is killed. */
const CALL_BYTES = 256 * 1024 ** 2;
const STEP_MS = 30 * 60_000;

/** What is still to be wiped of a volume before it may be removed; undefined when nothing is. Pure. */
export const findWipeStep = (object: LogicalVolume, volume: LogicalVolumeOnDisk): WipeStep | undefined => {
  const { wipePolicy: policy = 'none' } = object.spec;
  if (policy === 'none') return undefined;
  const { wiped } = object.status ?? {};
  if (wiped === undefined) return { policy, kind: 'prove' };
  const fromBytes = parseQuantity(wiped);
  const bytes = Math.min(STEP_BYTES[policy], volume.sizeBytes - fromBytes);
  return bytes > 0 ? { policy, kind: 'wipe', fromBytes, bytes } : undefined;
};

export type WipeStep =
  /** Nobody may have the volume open when the wiping begins. */
  | { readonly policy: Wiping; readonly kind: 'prove' }
  | { readonly policy: Wiping; readonly kind: 'wipe'; readonly fromBytes: number; readonly bytes: number };

/**
 * Takes one step and returns what to write about it: the next step begins from there, also after a restart, and a step that was cut
 * off is repeated. Errors: FailedPrecondition while somebody has the volume open, or with the sentence why it can't be wiped.
 */
export const takeWipeStep = async (
  { host, lvm }: { readonly host: Host; readonly lvm: Lvm },
  volume: LogicalVolumeOnDisk,
  step: WipeStep,
  signal: AbortSignal,
): Promise<{ readonly wiped: NonNullable<LogicalVolumeStatus['wiped']>; readonly message: string }> => {
  if (step.kind === 'prove') await proveUnused(lvm, volume, signal);
  const doneBytes = step.kind === 'prove' ? 0 : step.fromBytes + step.bytes;
  if (step.kind === 'wipe') {
    const active = await activateVolume(lvm, volume.name, signal);
    const range = ['--offset', String(step.fromBytes), '--length', String(step.bytes)];
    const how = step.policy === 'zero' ? ['--zeroout', '--step', String(CALL_BYTES)] : [];
    // Without --force: blkdiscard opens the device for itself alone, and gives up when it is mounted.
    const argv = ['blkdiscard', ...how, ...range, devicePath(active)] as const;
    const result = await host.run(argv, { timeoutMs: STEP_MS, signal });
    if (result.exitCode !== 0) throw failure(step.policy, result.stderr);
  }
  const verb = step.policy === 'zero' ? 'overwritten with zeros' : 'discarded';
  const message = `its data are wiped first: ${formatBytes(doneBytes)} of ${formatBytes(volume.sizeBytes)} are ${verb}`;
  return { wiped: formatQuantity(doneBytes), message };
};

const failure = (policy: Wiping, stderr: string): AppError =>
  new AppError(
    'FailedPrecondition',
    `its data can't be wiped (${stderr.trim()}); it stays until that works, or until spec.wipePolicy is ${policy === 'discard' ? 'zero or none' : 'none'}`,
  );
