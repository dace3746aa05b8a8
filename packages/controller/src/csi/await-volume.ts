import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { KubeClient } from '@berth/kube/client';
import { LOGICAL_VOLUMES } from '@berth/kube/resources';
import type { Clock } from '@berth/runtime/clock';
import type { Caches } from '../caches.ts';

export interface VolumeWaitOptions {
  readonly client: KubeClient;
  /** They tell when to look again. */
  readonly caches: Pick<Caches, 'logicalVolumes'>;
  readonly clock: Clock;
}

/** Gives an answer once there is one about the volume as it is now; undefined means to wait for a change. */
export type Look<T> = (volume: LogicalVolume | undefined) => Promise<T | undefined>;

/**
 * Looks at a logical volume, read from the API each time, now and whenever it has changed, until there is an answer.
 * Undefined when there is none after `patienceMs`; rejects with the signal's reason when it fires first.
 */
export const awaitVolume = async <T>(
  { client, caches, clock }: VolumeWaitOptions,
  name: string,
  look: Look<T>,
  { patienceMs, signal }: { readonly patienceMs: number; readonly signal: AbortSignal },
): Promise<T | undefined> => {
  let changed = Promise.withResolvers<void>();
  let isLate = false;
  const disconnect = caches.logicalVolumes.onChange(({ key }) => key === name && changed.resolve());
  const cancel = clock.after(patienceMs, () => {
    isLate = true;
    changed.resolve();
  });
  const onAbort = () => changed.resolve();
  signal.addEventListener('abort', onAbort);
  try {
    while (!isLate) {
      signal.throwIfAborted();
      changed = Promise.withResolvers();
      const answer = await look(await client.get(LOGICAL_VOLUMES, { name }, signal));
      if (answer !== undefined) return answer;
      // The time may have run out, or the caller gone, while we looked.
      if (!isLate && !signal.aborted) await changed.promise;
    }
    return undefined;
  } finally {
    disconnect();
    cancel();
    signal.removeEventListener('abort', onAbort);
  }
};
