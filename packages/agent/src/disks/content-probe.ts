import { hasCode } from '@berth/contract/errors';
import type { CommandResult } from '@berth/runtime/spawn';
import type { Host } from '../host/host.ts';
import type { Content } from './adoption.ts';

const PROBE_MS = 30_000;
const BLOCK_BYTES = 4096;

/** blkid(8): nothing was found, or the device could not be read. */
const BLKID_NOTHING = 2;
/** blkid(8): several signatures that contradict each other. */
const BLKID_AMBIVALENT = 8;

export interface ProbeOptions {
  readonly path: string;
  readonly sizeBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What a device carries, read from the device itself and never from a cache. Blank only when blkid and wipefs find
 * nothing and first and last block are proved readable: blkid alone says the same of a device it can't read (traps 1, 2).
 */
export const probeContent = async (host: Host, options: ProbeOptions): Promise<Content> => {
  const { path, sizeBytes, signal } = options;
  const run = (...argv: [string, ...string[]]): Promise<CommandResult> =>
    host.run(argv, { timeoutMs: PROBE_MS, ...(signal && { signal }) });
  try {
    const unreadable = await findUnreadable(run, path, sizeBytes);
    if (unreadable !== undefined) return { kind: 'unknown', reason: unreadable };
    return judgeProbe(
      await run('blkid', '--probe', '--output', 'export', path),
      await run('wipefs', '--no-act', '--parsable', path),
    );
  } catch (thrown) {
    if (hasCode(thrown, 'Timeout')) return { kind: 'unknown', reason: `${path} did not answer in time` };
    throw thrown;
  }
};

/** What the two probes say together. */
export const judgeProbe = (blkid: CommandResult, wipefs: CommandResult): Content => {
  if (blkid.exitCode === BLKID_AMBIVALENT) return { kind: 'signatures', found: 'several contradicting signatures' };
  if (wipefs.exitCode !== 0) {
    return { kind: 'unknown', reason: `wipefs ended with exit code ${wipefs.exitCode}: ${wipefs.stderr.trim()}` };
  }
  const signatures = wipefs.stdout.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  if (blkid.exitCode === 0) return { kind: 'signatures', found: describe(blkid.stdout) };
  if (blkid.exitCode !== BLKID_NOTHING) {
    return { kind: 'unknown', reason: `blkid ended with exit code ${blkid.exitCode}: ${blkid.stderr.trim()}` };
  }
  if (signatures.length > 0) return { kind: 'signatures', found: `a signature (${signatures.join('; ')})` };
  return { kind: 'blank' };
};

/** The pairs of `blkid --output export`. */
export const parseBlkid = (stdout: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    stdout
      .split('\n')
      .map((line) => line.split(/=(.*)/s))
      .filter(([key, value]) => key !== undefined && value !== undefined),
  );

const describe = (stdout: string): string => {
  const { TYPE: type, PTTYPE: table } = parseBlkid(stdout);
  return type ?? (table === undefined ? 'a signature' : `a partition table (${table})`);
};

const findUnreadable = async (
  run: (...argv: [string, ...string[]]) => Promise<CommandResult>,
  path: string,
  sizeBytes: number,
): Promise<string | undefined> => {
  const last = Math.max(0, Math.floor(sizeBytes / BLOCK_BYTES) - 1);
  for (const block of [0, last]) {
    const result = await run('dd', `if=${path}`, 'of=/dev/null', `bs=${BLOCK_BYTES}`, 'count=1', `skip=${block}`);
    if (result.exitCode !== 0 || !/^1\+0 records in/m.test(result.stderr)) {
      return `block ${block} of ${path} can't be read: ${result.stderr.trim().split('\n')[0] ?? ''}`;
    }
  }
  return undefined;
};
