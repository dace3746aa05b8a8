import type { KubeClient } from '@berth/kube/client';
import { LOGICAL_VOLUMES } from '@berth/kube/resources';
import { createWatchCache } from '@berth/kube/watch-cache';
import { systemClock } from '@berth/runtime/clock';
import { silentLogger } from '@berth/runtime/logger';

/** The agents of all nodes: each volume is ready so many milliseconds after they hear of it. Goes on until the signal fires. */
export const startPlayedAgent = (client: KubeClient, takesMs: number, signal: AbortSignal): void => {
  const volumes = createWatchCache({ client, resource: LOGICAL_VOLUMES, clock: systemClock, logger: silentLogger });
  volumes.onChange(({ before, after }) => {
    if (before !== undefined || after === undefined || after.status !== undefined) return;
    const { name } = after.metadata;
    const status = { phase: 'Ready', size: after.spec.size, volumeGroup: 'csi-vg-nvme' };
    const report = () => client.mergePatch(LOGICAL_VOLUMES, { name }, { status }, { subresource: 'status' });
    const cancel = systemClock.after(takesMs, () => void report());
    signal.addEventListener('abort', cancel);
  });
  volumes.start(signal);
};
