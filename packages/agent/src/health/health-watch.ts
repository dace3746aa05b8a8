import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { DiskHealth, DiskStatus } from '@berth/contract/resources/node-storage';
import type { Clock } from '@berth/runtime/clock';
import type { Host } from '../host/host.ts';
import { judgeHealth } from './disk-health.ts';
import { countErrors, type ErrorWindow, readErrorCount } from './io-errors.ts';
import { createSmartReader } from './smart.ts';

export interface HealthWatchOptions {
  readonly host: Host;
  readonly sysDir: string;
  readonly clock: Clock;
  /** Seconds between two rounds. */
  readonly healthSeconds: number;
  /** The disks as they are told of now. */
  readonly disks: () => readonly DiskStatus[];
  /** The health of some disk has changed. */
  readonly onChange: () => void;
}

export interface HealthWatch {
  /** What is known of a disk's health by its identity; undefined before it was looked at. */
  healthOf(identity: string): DiskHealth | undefined;
  /** Looks at each disk once. */
  goRound(signal: AbortSignal): Promise<void>;
  /** To be called when the disks are told of anew: one that was never looked at does not wait for its turn. */
  noticeDisks(): void;
  /** Goes round from time to time until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
}

/** The agent has more important work at its start. */
const FIRST_ROUND_MS = 60_000;

/**
 * Looks from time to time at the health of the disks in volume groups, and of those that were in one and told of theirs: one after
 * another, apart from all other work, so that a disk that hangs keeps nobody waiting.
 */
export const createHealthWatch = (options: HealthWatchOptions): HealthWatch => {
  const { sysDir, clock, healthSeconds, disks, onChange } = options;
  const readSmart = createSmartReader(options.host);
  const known = new Map<string, DiskHealth>();
  const windows = new Map<string, ErrorWindow>();

  const hadManyErrors = async ({ identity, path }: DiskStatus): Promise<boolean> => {
    const count = await readErrorCount(sysDir, basename(path));
    if (count === undefined) return false;
    const { window, many } = countErrors(windows.get(identity.value), count, clock.monotonicMs());
    windows.set(identity.value, window);
    return many;
  };

  /** Whether its health is another than it was. */
  const look = async (disk: DiskStatus, signal: AbortSignal): Promise<boolean> => {
    const { value } = disk.identity;
    const before = known.get(value) ?? disk.health;
    const manyErrors = await hadManyErrors(disk);
    const reading = await readSmart(disk.path, signal);
    const health = judgeHealth({ reading, manyErrors, before, now: clock.now() });
    known.set(value, health);
    return !isDeepStrictEqual(health, before);
  };

  const goRound = async (signal: AbortSignal): Promise<void> => {
    const there = disks().filter(isLookedAt);
    for (const map of [known, windows]) keepOnly(map, new Set(disks().map(({ identity }) => identity.value)));
    for (const disk of there) {
      if (await look(disk, signal)) onChange();
    }
  };

  const isAnyNew = (): boolean => disks().some((disk) => isLookedAt(disk) && !known.has(disk.identity.value));
  let endPause = () => {};
  const pause = async (signal: AbortSignal): Promise<void> => {
    const pausing = new AbortController();
    endPause = () => pausing.abort();
    if (isAnyNew()) return;
    await clock.sleep(healthSeconds * 1000, AbortSignal.any([signal, pausing.signal])).catch((thrown: unknown) => {
      if (!pausing.signal.aborted) throw thrown;
    });
  };

  return {
    healthOf: (identity) => known.get(identity),
    goRound,
    noticeDisks: () => {
      if (isAnyNew()) endPause();
    },
    run: async (signal) => {
      await clock.sleep(Math.min(FIRST_ROUND_MS, healthSeconds * 1000), signal);
      while (!signal.aborted) {
        await goRound(signal);
        await pause(signal);
      }
    },
  };
};

/** One that nothing tells from others can't be remembered. */
const isLookedAt = ({ state, identity, volumeGroup, health }: DiskStatus): boolean =>
  state !== 'Missing' && identity.tier !== 'none' && (volumeGroup !== undefined || health !== undefined);

const keepOnly = (map: Map<string, unknown>, keys: ReadonlySet<string>): void => {
  for (const key of map.keys()) if (!keys.has(key)) map.delete(key);
};
