import { toAppError } from '@berth/contract/errors';
import type { KubeClient } from '@berth/kube/client';
import { createEventRecorder } from '@berth/kube/event-recorder';
import { startReconciler } from '@berth/kube/reconciler';
import { LOGICAL_VOLUMES, NODE_STORAGES } from '@berth/kube/resources';
import { createWatchCache } from '@berth/kube/watch-cache';
import type { Clock } from '@berth/runtime/clock';
import { createKeyedLock } from '@berth/runtime/keyed-lock';
import type { Logger } from '@berth/runtime/logger';
import type { Metrics } from '@berth/runtime/metrics';
import type { Spawner } from '@berth/runtime/spawn';
import type { AgentConfig } from './config.ts';
import { type CsiEndpoint, startCsi } from './csi/endpoint.ts';
import { watchDevices } from './disks/device-watch.ts';
import { createHealthWatch } from './health/health-watch.ts';
import { createHost } from './host/host.ts';
import { createLvm } from './lvm/command.ts';
import { createMounter } from './mount/mounter.ts';
import { findMistold } from './storage/degraded.ts';
import { knownHandedOver } from './storage/handed-over.ts';
import { createLogicalVolumeReconcile } from './storage/logical-volume.ts';
import { activateGroups, createNodeStorage } from './storage/node-storage.ts';
import { isRequest } from './storage/requests.ts';

export interface AgentParts {
  readonly config: AgentConfig;
  readonly client: KubeClient;
  readonly spawner: Spawner;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly version: string;
}

export interface Agent {
  /** A sentence while the agent can't do its work. */
  unready(): string | undefined;
  close(): Promise<void>;
}

/**
 * Starts the agent: first the sockets that kubelet calls, then LVM, then the objects. Nothing here waits for a disk or for
 * the API server, so that a hung one leaves the rest working.
 */
export const startAgent = async (parts: AgentParts, signal: AbortSignal): Promise<Agent> => {
  const { config, client, spawner, clock, logger, metrics } = parts;
  const { nodeName } = config;
  const host = createHost({ spawner, prefix: config.commandPrefix });
  const lvm = createLvm({ host, clock, reuseReportsMs: config.reportSeconds * 1000 });
  const mounter = createMounter({ host, procDir: config.procDir });
  const locks = createKeyedLock();
  const common = { ...config, reserveBytes: config.reserve, host, lvm, client, clock, logger, metrics, signal };

  const csi = await startCsi({ ...common, mounter, locks, version: parts.version });
  void activateGroups({ lvm, logger }, signal).catch((thrown: unknown) => {
    logger.error({ err: toAppError(thrown) }, 'volume groups can not be activated');
  });

  const fieldSelector = `spec.nodeName=${nodeName}`;
  const cache = createWatchCache({ client, resource: LOGICAL_VOLUMES, selector: { fieldSelector }, clock, logger });
  const ownObject = createWatchCache({
    client,
    resource: NODE_STORAGES,
    selector: { fieldSelector: `metadata.name=${nodeName}` },
    clock,
    logger,
  });
  const health = createHealthWatch({
    ...common,
    disks: () => ownObject.get(nodeName)?.status?.disks ?? [],
    onChange: () => storage.add(nodeName),
  });
  const nodeStorage = createNodeStorage({
    ...common,
    healthOf: health.healthOf,
    object: () => ownObject.get(nodeName),
    events: createEventRecorder({ client, component: 'berth-agent', clock, logger }),
    locks,
    isKnown: (name) => (cache.synced ? cache.get(name) !== undefined : undefined),
    onReport: (report) => {
      for (const name of findMistold(report, cache.list())) volumes.add(name);
    },
  });
  const storage = startReconciler({
    name: 'node-storage',
    reconcile: (_, stop) => nodeStorage.refresh(stop),
    workers: 1,
    clock,
    logger,
    metrics,
    signal,
  });

  const reconcile = createLogicalVolumeReconcile({
    ...common,
    locks,
    read: (name) => cache.get(name),
    objects: () => cache.list(),
    handedOver: () => knownHandedOver(config.volumeGroups, ownObject.get(nodeName)?.status),
    onChange: () => storage.add(nodeName),
  });
  const volumes = startReconciler({ name: 'logical-volume', reconcile, clock, logger, metrics, signal });
  cache.onChange(({ key }) => volumes.add(key));
  cache.start(signal);
  ownObject.onChange(({ before, after }) => {
    if (isRequest(before, after)) storage.add(nodeName);
    health.noticeDisks();
  });
  ownObject.start(signal);
  const onChange = () => {
    nodeStorage.forgetDisks();
    storage.add(nodeName);
  };
  void watchDevices({ ...common, onChange });
  void health.run(signal).catch((thrown: unknown) => {
    if (!signal.aborted) logger.error({ err: toAppError(thrown) }, 'the health of disks is no longer watched');
  });
  storage.add(nodeName);
  return { unready: () => unready(csi, cache.synced), close: () => csi.close() };
};

const unready = (csi: CsiEndpoint, synced: boolean): string | undefined => {
  if (!synced) return 'the logical volumes have not been listed yet';
  return csi.refusal();
};
