import { setTimeout as delay } from 'node:timers/promises';
import type { Bare } from '../control-plane/control-plane.ts';

const PATIENCE_MS = 300_000;
/** Longer than the controller lets changes of a node gather. */
const QUIET_MS = 5_000;

/** All requests so far that would write a CSIStorageCapacity, as the API server counts them. */
export const countWrites = async ({ kubectl }: Bare): Promise<number> => {
  const metrics = await kubectl(['get', '--raw', '/metrics']);
  return metrics
    .split('\n')
    .filter((line) =>
      /^apiserver_request_total\{.*resource="csistoragecapacities".*verb="(POST|PUT|PATCH|DELETE)"/.test(line),
    )
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
};

/** Returns when so many have been counted. */
export const untilWritten = async (bare: Bare, count: number, signal: AbortSignal): Promise<void> => {
  for (const untilMs = performance.now() + PATIENCE_MS; performance.now() < untilMs; ) {
    if ((await countWrites(bare)) >= count) return;
    await delay(100, undefined, { signal });
  }
  throw new Error(`${count} objects were not written within ${PATIENCE_MS / 1000} s`);
};

/** The count of writes when it has stood still for a while. */
export const untilQuiet = async (bare: Bare, signal: AbortSignal): Promise<number> => {
  for (let before = await countWrites(bare); ; ) {
    await delay(QUIET_MS, undefined, { signal });
    const now = await countWrites(bare);
    if (now === before) return now;
    before = now;
  }
};
