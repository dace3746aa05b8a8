import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DiskStatus, NodeStorageStatus } from '@berth/contract/resources/node-storage';
import type { Clock } from '@berth/runtime/clock';

/** What a disk has counted at a moment. */
export interface Sample {
  /** Milliseconds in which it had work. */
  readonly busyMs: number;
  readonly atMs: number;
}

/** What is known of a disk's load. */
export interface Load {
  readonly sample: Sample;
  /** Share of the time in which it had work, 0..1, smoothed; undefined before the second sample. */
  readonly share: number | undefined;
}

/** Older times count by half every three and a half minutes. */
const WINDOW_MS = 5 * 60_000;
/** Shorter times say more about the agent's own work than about the disk. */
const SHORTEST_MS = 10_000;
/** Points by which a load must leave the step that was told: more than half a step, so that one between two is told once. */
const STRAY_POINTS = 8;

/** Brings a disk's load up to date; `told` is what to begin with, 0..1. Pure. */
export const follow = (before: Load | undefined, sample: Sample, told: number | undefined): Load => {
  // A counter that went back is another disk's, or has run over.
  if (before === undefined || sample.busyMs < before.sample.busyMs) return { sample, share: before?.share };
  const elapsedMs = sample.atMs - before.sample.atMs;
  if (elapsedMs < SHORTEST_MS) return before;
  const now = Math.min(1, (sample.busyMs - before.sample.busyMs) / elapsedMs);
  const past = before.share ?? told;
  return { sample, share: past === undefined ? now : now + (past - now) * Math.exp(-elapsedMs / WINDOW_MS) };
};

/** The load to tell, in steps of ten percent. Pure. */
export const toStep = (share: number, told: number | undefined): number => {
  const percent = share * 100;
  const isNear = told !== undefined && Math.abs(percent - told) <= STRAY_POINTS;
  return isNear ? told : Math.round(percent / 10) * 10;
};

/** Measures how busy the disks of each group are, from what the kernel counts anyway: a look costs one small read a disk. */
export const createLoadMeter = ({ sysDir, clock }: { readonly sysDir: string; readonly clock: Clock }) => {
  let loads: ReadonlyMap<string, Load> = new Map();

  const measure = async (disk: DiskStatus, told: number | undefined): Promise<Load | undefined> => {
    const busyMs = await readBusyMs(sysDir, basename(disk.path));
    const start = told === undefined ? undefined : told / 100;
    return busyMs === undefined
      ? undefined
      : follow(loads.get(keyOf(disk)), { busyMs, atMs: clock.monotonicMs() }, start);
  };

  /** The load to tell of each group, in percent by its name: that of its busiest disk, or what was told until it is known. */
  return async (
    disks: readonly DiskStatus[],
    previous: NodeStorageStatus | undefined,
  ): Promise<ReadonlyMap<string, number>> => {
    const told = toldLoads(previous);
    const current = new Map<string, Load>();
    const shares = new Map<string, number>();
    for (const disk of disks) {
      const { volumeGroup: group } = disk;
      const load = group === undefined ? undefined : await measure(disk, told.get(group));
      if (group === undefined || load === undefined) continue;
      current.set(keyOf(disk), load);
      if (load.share !== undefined) shares.set(group, Math.max(load.share, shares.get(group) ?? 0));
    }
    loads = current;
    return new Map([...told, ...[...shares].map(([group, share]) => [group, toStep(share, told.get(group))] as const)]);
  };
};

/** A disk of an operator's group may be one that nothing tells from others. */
const keyOf = ({ identity, path }: DiskStatus): string => (identity.tier === 'none' ? path : identity.value);

const toldLoads = (previous: NodeStorageStatus | undefined): ReadonlyMap<string, number> => {
  const groups = previous?.groups ?? [];
  return new Map(groups.flatMap(({ name, busyPercent: told }) => (told === undefined ? [] : [[name, told] as const])));
};

/** `io_ticks`, the tenth number of /sys/block/<disk>/stat (Documentation/block/stat.rst). */
const readBusyMs = async (sysDir: string, name: string): Promise<number | undefined> => {
  const text = await readFile(join(sysDir, 'block', name, 'stat'), 'utf8').catch(() => '');
  const ticks = Number(text.trim().split(/\s+/)[9]);
  return Number.isFinite(ticks) ? ticks : undefined;
};
