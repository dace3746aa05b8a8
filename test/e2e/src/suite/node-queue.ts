import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { withLock } from '@berth/bed/process/lock';
import { identify, isStillRunning, type ProcessIdentity } from '@berth/bed/process/process-table';

interface Ticket {
  readonly nodes: readonly string[];
  readonly process: ProcessIdentity;
}

const POLL_MS = 200;

/**
 * Waits until no process that asked earlier holds or wants one of these nodes; gives what lets go of them. In the order in which they
 * asked, so that whoever wants all nodes is not passed by for ever. A process that is gone counts for nothing.
 */
export const takeNodes = async (
  directory: string,
  nodes: readonly string[],
  signal: AbortSignal,
): Promise<() => Promise<void>> => {
  await mkdir(directory, { recursive: true });
  const own = await draw(directory, nodes, signal);
  while (await isBehind(directory, own, nodes)) await delay(POLL_MS, undefined, { signal });
  return () => rm(join(directory, own), { force: true });
};

/** Writes a ticket with the next number. */
const draw = (directory: string, nodes: readonly string[], signal: AbortSignal): Promise<string> =>
  withLock(join(directory, 'lock'), signal, async () => {
    const last = Math.max(0, ...(await tickets(directory)).map(numberOf));
    const name = `${last + 1}.ticket`;
    await writeFile(join(directory, `${name}.new`), JSON.stringify({ nodes, process: await identify(process.pid) }));
    await rename(join(directory, `${name}.new`), join(directory, name));
    return name;
  });

const isBehind = async (directory: string, own: string, nodes: readonly string[]): Promise<boolean> => {
  for (const name of await tickets(directory)) {
    if (numberOf(name) >= numberOf(own)) continue;
    const ticket = await readTicket(join(directory, name));
    if (ticket === undefined || !ticket.nodes.some((node) => nodes.includes(node))) continue;
    if (await isStillRunning(ticket.process)) return true;
  }
  return false;
};

const tickets = async (directory: string): Promise<string[]> =>
  (await readdir(directory)).filter((name) => name.endsWith('.ticket'));

const numberOf = (ticket: string): number => Number.parseInt(ticket, 10);

/** Undefined when it was handed back in the meantime. */
const readTicket = async (file: string): Promise<Ticket | undefined> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Ticket;
  } catch {
    return undefined;
  }
};
