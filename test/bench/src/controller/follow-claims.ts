import { STORAGE_PROVISIONER_ANNOTATION } from '@berth/contract/names';
import type { KubeClient } from '@berth/kube/client';
import { CLAIMS, LOGICAL_VOLUMES, type Resource, VOLUMES } from '@berth/kube/resources';
import { createWatchCache } from '@berth/kube/watch-cache';
import { systemClock } from '@berth/runtime/clock';
import { silentLogger } from '@berth/runtime/logger';

/** When a watcher saw what; `performance.now()`. */
export interface Milestones {
  /** The PV controller has handed the claim to the driver. */
  readonly handedMs: number;
  /** There is a LogicalVolume. */
  readonly volumeMs: number;
  /** The agent has said that it is ready. */
  readonly readyMs: number;
  /** There is a PersistentVolume. */
  readonly persistentMs: number;
  readonly boundMs: number;
}

type Seen = { -readonly [milestone in keyof Milestones]?: number } & { known?: number };

const PATIENCE_MS = 30_000;

/** Notes for each claim of the namespace `default` when it reached what. */
export const followClaims = (client: KubeClient, signal: AbortSignal) => {
  const claims = new Map<string, Seen>();
  const waiting = new Set<() => void>();

  const note = (name: string | undefined, milestone: keyof Seen) => {
    if (name === undefined) return;
    const seen = claims.get(name) ?? {};
    claims.set(name, { ...seen, [milestone]: seen[milestone] ?? performance.now() });
    for (const look of waiting) look();
  };
  const watch = <T>(resource: Resource<T>, look: (object: T) => void) => {
    const cache = createWatchCache({ client, resource, clock: systemClock, logger: silentLogger });
    cache.onChange(({ after }) => {
      if (after !== undefined) look(after);
    });
    cache.start(signal);
  };
  watch(CLAIMS, ({ metadata, status }) => {
    note(metadata?.name, 'known');
    if (metadata?.annotations?.[STORAGE_PROVISIONER_ANNOTATION]) note(metadata.name, 'handedMs');
    if (status?.phase === 'Bound') note(metadata?.name, 'boundMs');
  });
  watch(LOGICAL_VOLUMES, ({ spec, status }) => {
    note(spec.claim.name, 'volumeMs');
    if (status?.phase === 'Ready') note(spec.claim.name, 'readyMs');
  });
  watch(VOLUMES, ({ spec }) => note(spec?.claimRef?.name, 'persistentMs'));

  const until = async (name: string, milestone: keyof Seen, stop: AbortSignal): Promise<void> => {
    const late = AbortSignal.any([stop, AbortSignal.timeout(PATIENCE_MS)]);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => {
      if (claims.get(name)?.[milestone] !== undefined) resolve();
    };
    waiting.add(look);
    late.addEventListener('abort', () => reject(new Error(`${name} never came to ${milestone}`)));
    look();
    await promise.finally(() => waiting.delete(look));
  };

  return {
    /** Returns when the claim is there. */
    known: (name: string, stop: AbortSignal) => until(name, 'known', stop),
    /** Returns when the claim is bound, with all it went through. */
    bound: async (name: string, stop: AbortSignal): Promise<Milestones> => {
      await until(name, 'boundMs', stop);
      const { handedMs = 0, volumeMs = 0, readyMs = 0, persistentMs = 0, boundMs = 0 } = claims.get(name) ?? {};
      return { handedMs, volumeMs, readyMs, persistentMs, boundMs };
    },
  };
};
