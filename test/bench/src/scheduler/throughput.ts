import { setTimeout as delay } from 'node:timers/promises';
import { PODS } from '@berth/kube/resources';
import { createWatchCache } from '@berth/kube/watch-cache';
import { systemClock } from '@berth/runtime/clock';
import { silentLogger } from '@berth/runtime/logger';
import type { Bare } from '../control-plane/control-plane.ts';
import { queuePods } from './queue-pods.ts';

const PATIENCE_MS = 180_000;

export interface Load {
  /** Names of its pods begin with it; unlike that of other loads. */
  readonly prefix: string;
  readonly count: number;
  readonly withClaims: boolean;
  /** KubeSchedulerConfiguration. */
  readonly config: string;
}

/** Milliseconds a pod that kube-scheduler needs to bind them all, from the first that is bound to the last. */
export const millisecondsPerPod = async (bare: Bare, load: Load, signal: AbortSignal): Promise<number> => {
  await queuePods(bare, load);
  const bound: number[] = [];
  const watching = new AbortController();
  const pods = createWatchCache({ client: bare.client, resource: PODS, clock: systemClock, logger: silentLogger });
  pods.onChange(({ key, before, after }) => {
    if (!before?.spec?.nodeName && after?.spec?.nodeName && key.includes(`/${load.prefix}-`))
      bound.push(performance.now());
  });
  pods.start(watching.signal);
  try {
    await pods.whenSynced(signal);
    await bare.plane.restartScheduler(load.config, signal);
    for (const untilMs = performance.now() + PATIENCE_MS; bound.length < load.count; ) {
      if (performance.now() > untilMs)
        throw new Error(`${load.prefix}: ${bound.length} of ${load.count} pods are bound`);
      await delay(100, undefined, { signal });
    }
    return ((bound.at(-1) ?? 0) - (bound[0] ?? 0)) / (load.count - 1);
  } finally {
    watching.abort(new Error('measured'));
    await bare.stopScheduler();
  }
};
