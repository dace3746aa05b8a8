import { hasCode } from '@berth/contract/errors';
import type { Host } from '../host/host.ts';
import type { Content } from './adoption.ts';
import { BLOCK_BYTES, PROBE_SCRIPT, type Probe, type ProgramAnswer, parseProbes } from './probe-script.ts';

/** For all devices together; when it has passed, for each of them. */
const PROBE_MS = 30_000;

/** blkid(8): nothing was found, or the device could not be read. */
const BLKID_NOTHING = 2;
/** blkid(8): several signatures that contradict each other. */
const BLKID_AMBIVALENT = 8;

export interface ProbedDevice {
  readonly path: string;
  readonly sizeBytes: number;
}

/**
 * What devices carry, read from the devices themselves and never from a cache; all by one process, because starting
 * programs is what takes long. Blank only when blkid and wipefs find nothing and first and last block are proved readable:
 * blkid alone says the same of a device it can't read (traps 1, 2). One that does not answer spoils only its own verdict.
 */
export const probeContents = async (
  host: Host,
  devices: readonly ProbedDevice[],
  signal?: AbortSignal,
): Promise<Content[]> => {
  if (devices.length === 0) return [];
  const args = devices.flatMap(({ path, sizeBytes }) => [path, String(lastBlock(sizeBytes))]);
  const options = { timeoutMs: PROBE_MS, ...(signal && { signal }) };
  try {
    const { stdout } = await host.run(['sh', '-c', PROBE_SCRIPT, 'probe', ...args], options);
    const probes = parseProbes(stdout);
    return devices.map(({ path }) => judgeProbe(path, probes.get(path)));
  } catch (thrown) {
    if (!hasCode(thrown, 'Timeout')) throw thrown;
    const [first, ...others] = devices;
    if (first === undefined || others.length === 0) {
      return [{ kind: 'unknown', reason: `${first?.path} did not answer in time` }];
    }
    const contents: Content[] = [];
    for (const device of devices) contents.push(await probeContent(host, device, signal));
    return contents;
  }
};

/** As {@link probeContents}, for one device. */
export const probeContent = async (host: Host, device: ProbedDevice, signal?: AbortSignal): Promise<Content> => {
  const [content] = await probeContents(host, [device], signal);
  return content ?? { kind: 'unknown', reason: `${device.path} was not looked at` };
};

/** What all that was found out about a device says together. */
export const judgeProbe = (path: string, probe: Partial<Probe> = {}): Content => {
  const { reads = [], blkid, wipefs } = probe;
  const failed = reads.find(({ exitCode, text }) => exitCode !== 0 || !/^1\+0 records in/m.test(text));
  if (failed !== undefined) return unknown(`a block of ${path} can't be read: ${firstLine(failed.text)}`);
  if (reads.length !== 2 || blkid === undefined || wipefs === undefined)
    return unknown(`the look at ${path} broke off`);
  return judgeSignatures(blkid, wipefs);
};

const judgeSignatures = (blkid: ProgramAnswer, wipefs: ProgramAnswer): Content => {
  if (blkid.exitCode === BLKID_AMBIVALENT) {
    return { kind: 'signatures', found: 'several contradicting signatures', fields: {} };
  }
  if (wipefs.exitCode !== 0) {
    return unknown(`wipefs ended with exit code ${wipefs.exitCode}: ${firstLine(wipefs.text)}`);
  }
  if (blkid.exitCode === 0) {
    const fields = parseBlkid(blkid.text);
    return { kind: 'signatures', found: describe(fields), fields };
  }
  if (blkid.exitCode !== BLKID_NOTHING) {
    return unknown(`blkid ended with exit code ${blkid.exitCode}: ${firstLine(blkid.text)}`);
  }
  // Headings begin with #, warnings with the program's name; every other line is a signature.
  const signatures = wipefs.text.split('\n').filter((line) => line.trim() !== '' && !/^(#|wipefs:)/.test(line));
  if (signatures.length === 0) return { kind: 'blank' };
  return { kind: 'signatures', found: `a signature (${signatures.join('; ')})`, fields: {} };
};

/** The pairs of `blkid --output export`. */
const parseBlkid = (stdout: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    stdout
      .split('\n')
      .map((line) => line.split(/=(.*)/s))
      .filter(([key, value]) => key !== undefined && value !== undefined),
  );

const describe = ({ TYPE: type, PTTYPE: table }: Readonly<Record<string, string>>): string =>
  type ?? (table === undefined ? 'a signature' : `a partition table (${table})`);

const lastBlock = (sizeBytes: number): number => Math.max(0, Math.floor(sizeBytes / BLOCK_BYTES) - 1);

const unknown = (reason: string): Content => ({ kind: 'unknown', reason });

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';
