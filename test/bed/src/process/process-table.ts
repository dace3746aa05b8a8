import { readFile } from 'node:fs/promises';

/** One process, told apart from a later one with the same pid by its start time (clock ticks since boot). */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/**
 * The identity of a running process; undefined if there is none with that pid, or only a zombie. A zombie whose other threads
 * are still ending counts as running: they keep its files open, and QEMU's images locked.
 */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const stat = parseStat(await readFile(`/proc/${pid}/stat`, 'utf8'));
    const isOver = ['Z', 'X'].includes(stat.state) && stat.threads <= 1;
    return isOver ? undefined : { pid, startTime: stat.startTime };
  } catch {
    return undefined;
  }
}

/** Whether the recorded process is still the one that runs under its pid. */
export async function isStillRunning(recorded: ProcessIdentity): Promise<boolean> {
  return (await identify(recorded.pid))?.startTime === recorded.startTime;
}

/**
 * State (field 3), number of threads (field 20) and start time (field 22) of a line of /proc/PID/stat; the name in field 2 may
 * hold spaces and brackets (proc(5)).
 */
export function parseStat(line: string): { state: string; threads: number; startTime: string } {
  const fields = line
    .slice(line.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
  const [state, threads, startTime] = [fields[0], Number(fields[17]), fields[19]];
  if (state === undefined || startTime === undefined) throw new Error(`not a line of /proc/PID/stat: ${line}`);
  return { state, threads, startTime };
}
