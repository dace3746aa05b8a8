import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { Clock } from '@berth/runtime/clock';
import type { Metrics } from '@berth/runtime/metrics';
import type { Caches } from './caches.ts';
import { marksOf, ORPHANED_SINCE, RETAINED_SINCE } from './mark.ts';

const STATES = ['node-gone', 'deleting', 'orphaned', 'retained', 'failed', 'pending', 'ready'] as const;

type VolumeCondition = (typeof STATES)[number];

/** The one thing that is most worth telling about a volume. */
export const stateOfVolume = (volume: LogicalVolume, nodeExists: boolean): VolumeCondition => {
  if (!nodeExists) return 'node-gone';
  if (volume.metadata.deletionTimestamp) return 'deleting';
  if (marksOf(volume).includes(ORPHANED_SINCE)) return 'orphaned';
  if (marksOf(volume).includes(RETAINED_SINCE)) return 'retained';
  if (volume.status?.phase === 'Failed') return 'failed';
  return volume.status?.phase === 'Ready' ? 'ready' : 'pending';
};

const EVERY_MS = 15_000;

/** Keeps the gauge berth_controller_volumes until the signal fires, and takes it back then: only the leader tells. */
export const reportVolumes = async (
  { caches, clock, metrics }: { readonly caches: Caches; readonly clock: Clock; readonly metrics: Metrics },
  signal: AbortSignal,
): Promise<void> => {
  const gauge = metrics.gauge('berth_controller_volumes', 'Logical volumes by state.', ['state']);
  while (!signal.aborted) {
    const counts = new Map<string, number>();
    for (const volume of caches.logicalVolumes.list()) {
      const state = stateOfVolume(volume, caches.nodes.get(volume.spec.nodeName) !== undefined);
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    for (const state of STATES) gauge.set({ state }, counts.get(state) ?? 0);
    await clock.sleep(EVERY_MS, signal).catch(() => {});
  }
  gauge.reset();
};
