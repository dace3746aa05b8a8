import { randomUUID } from 'node:crypto';
import { access, appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecOptions, ExecResult } from '../node/guest-agent.ts';

/** Where a machine is told what to run; `init` in the machine is the other end. */
export interface CommandChannel {
  /** A FIFO that is the machine's terminal. */
  readonly terminal: string;
  /** A directory that the machine sees too. */
  readonly exchange: string;
}

const POLL_MS = 5;

/**
 * Runs a command in the machine as root and waits for its end; an exit code other than 0 is a result, not an error.
 * When time is up or the signal is aborted, the command is killed and an Error thrown.
 */
export async function runInMachine(
  channel: CommandChannel,
  argv: readonly string[],
  { timeoutMs = 120_000, input = '', signal }: ExecOptions = {},
): Promise<ExecResult> {
  const limit = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
  const id = await begin(channel, argv, input);
  const directory = join(channel.exchange, id);
  try {
    await waitForFile(join(directory, 'code'), limit);
    const [stdout = '', stderr = '', code] = await Promise.all(
      ['out', 'err', 'code'].map((name) => readFile(join(directory, name), 'utf8')),
    );
    await rm(directory, { recursive: true });
    return { stdout, stderr, exitCode: Number(code) };
  } catch (error) {
    if (!limit.aborted) throw error;
    const pid = await readFile(join(directory, 'pid'), 'utf8').catch(() => undefined);
    if (pid !== undefined) await begin(channel, ['kill', '-9', pid.trim()], '');
    signal?.throwIfAborted();
    throw new Error(`${argv.join(' ')} took longer than ${timeoutMs} ms`, { cause: error });
  }
}

/** Returns when the file is there. */
export async function waitForFile(file: string, signal: AbortSignal): Promise<void> {
  while (!(await exists(file))) await delay(POLL_MS, undefined, { signal });
}

async function begin({ terminal, exchange }: CommandChannel, argv: readonly string[], input: string): Promise<string> {
  const id = randomUUID();
  const directory = join(exchange, id);
  await mkdir(directory);
  await writeFile(join(directory, 'in'), input);
  await writeFile(join(directory, 'run'), `echo $$ >pid\nexec ${argv.map(quote).join(' ')}\n`);
  await appendFile(terminal, `${id}\n`);
  return id;
}

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
