import { DRIVER_NAME, PARAMETER_DISK_TYPE, SELECTED_NODE_ANNOTATION, volumeName } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { NodeStorage } from '@berth/contract/resources/node-storage';
import { slimAgentPod } from '@berth/kube/agent-silence';
import type { EventText } from '@berth/kube/event-recorder';
import type { Node, PersistentVolumeClaim, Pod, StorageClass } from '@berth/kube/types';
import type { Change, WatchCache } from '@berth/kube/watch-cache';
import { HoldLedger } from '@berth/placement/hold-ledger';
import { DEFAULT_WEIGHTS } from '@berth/placement/score';
import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { createMetrics } from '@berth/runtime/metrics';
import { buildApp } from '../app.ts';
import { createDecisionLog } from '../decision-log.ts';
import type { ExtenderFilterResult, HostPriority } from '../extender-api.ts';
import { createExtenderMetrics, withStateGauges } from '../extender-metrics.ts';
import { slimClaim, slimClass, slimNode, slimPod, slimStorage, slimVolume } from '../slim.ts';
import { createView } from '../view.ts';

/** A cache that is set by hand. */
export interface ManualCache<T> extends WatchCache<T> {
  synced: boolean;
  ageMs: number;
  put(object: T): void;
  remove(key: string): void;
}

interface Named {
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
}

/** With what is kept of each object. */
export const createManualCache = <T extends Named>(keep: (object: T) => T): ManualCache<T> => {
  const objects = new Map<string, T>();
  const listeners = new Set<(change: Change<T>) => void>();
  const change = (key: string, after: T | undefined) => {
    const before = objects.get(key);
    if (after === undefined) objects.delete(key);
    else objects.set(key, after);
    for (const listener of listeners) listener({ key, before, after });
  };
  return {
    synced: true,
    ageMs: 0,
    get: (key) => objects.get(key),
    list: () => [...objects.values()],
    whenSynced: async () => {},
    lastContactAgeMs() {
      return this.ageMs;
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start: () => {},
    put: (object) => {
      const { name = '', namespace } = object.metadata ?? {};
      change(namespace === undefined ? name : `${namespace}/${name}`, keep(object));
    },
    remove: (key) => change(key, undefined),
  };
};

export interface FixtureOptions {
  readonly shortlist?: number;
  readonly holdTtlMs?: number;
}

/** The extender on caches set by hand, called as kube-scheduler would. */
export const createFixture = (options: FixtureOptions = {}) => {
  const caches = {
    nodes: createManualCache<Node>(slimNode),
    storages: createManualCache<NodeStorage>(slimStorage),
    volumes: createManualCache<LogicalVolume>(slimVolume),
    claims: createManualCache<PersistentVolumeClaim>(slimClaim),
    classes: createManualCache<StorageClass>(slimClass),
    pods: createManualCache<Pod>(slimPod),
    agents: createManualCache<Pod>(slimAgentPod),
  };
  const clock = createManualClock();
  const ledger = new HoldLedger({ ttlMs: options.holdTtlMs ?? 60_000 });
  const view = createView({
    ...{ caches, ledger, clock, rackLabels: ['rack'], staleAfterMs: 180_000 },
    agents: { namespace: 'berth-system', silentAfterMs: 300_000 },
  });
  const events: EventText[] = [];
  const leadership: { refusal: string | undefined } = { refusal: undefined };
  const refusal = () => leadership.refusal;
  const metrics = withStateGauges(createMetrics(), { caches, ledger, unready: view.unready, refusal });
  const decisions = createDecisionLog(10_000);
  const app = buildApp({
    refusal,
    view,
    ledger,
    clock,
    metrics: createExtenderMetrics(metrics),
    decisions,
    weights: DEFAULT_WEIGHTS,
    shortlist: options.shortlist ?? 16,
    events: { record: (_, event) => events.push(event) },
    logger: silentLogger,
  });
  const post = async (path: string, body: unknown) => {
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    return await app({ method: 'POST', path, headers: {}, body: bytes }, new AbortController().signal);
  };
  const ask = async (path: string, body: unknown) => JSON.parse(String((await post(path, body)).body)) as unknown;
  return {
    caches,
    clock,
    ledger,
    leadership,
    view,
    events,
    metrics,
    decisions,
    app,
    post,
    filter: async (pod: Pod, names: readonly string[]) =>
      (await ask('/filter', { Pod: pod, Nodes: null, NodeNames: names })) as ExtenderFilterResult,
    prioritize: async (pod: Pod, names: readonly string[]) =>
      (await ask('/prioritize', { Pod: pod, Nodes: null, NodeNames: names })) as HostPriority[],
  };
};

export const storageClass = (name: string, parameters: Record<string, string> = {}): StorageClass => ({
  metadata: { name },
  provisioner: DRIVER_NAME,
  parameters: { [PARAMETER_DISK_TYPE]: 'nvme', ...parameters },
});

/** A node with one nvme group of this many GiB, and its Node object in a rack. */
export const nodeStorage = (
  name: string,
  gib: number,
  change: { free?: number; extent?: string; diskFree?: readonly string[] } = {},
): NodeStorage => ({
  metadata: { name },
  status: {
    groups: [
      {
        name: 'csi-vg-nvme',
        medium: 'nvme',
        uuid: `uuid-${name}`,
        extentSize: change.extent ?? '4Mi',
        size: `${gib}Gi`,
        free: `${change.free ?? gib}Gi`,
        foreign: '0',
        reserve: '0',
        physicalVolumes: ['/dev/nvme1n1'],
        ...(change.diskFree && { diskFree: [...change.diskFree] }),
      },
    ],
  },
});

export const node = (name: string, labels: Record<string, string> = {}): Node => ({ metadata: { name, labels } });

export interface ClaimChange {
  readonly className?: string;
  readonly selectedNode?: string;
  readonly volumeName?: string;
  readonly gib?: number;
  readonly uid?: string;
}

export const claim = (name: string, change: ClaimChange = {}): PersistentVolumeClaim => ({
  metadata: {
    name,
    namespace: 'prod',
    uid: change.uid ?? `uid-${name}`,
    ...(change.selectedNode && { annotations: { [SELECTED_NODE_ANNOTATION]: change.selectedNode } }),
  },
  spec: {
    storageClassName: change.className ?? 'fast',
    resources: { requests: { storage: `${change.gib ?? 100}Gi` } },
    ...(change.volumeName && { volumeName: change.volumeName }),
  },
});

export interface PodChange {
  readonly labels?: Record<string, string>;
  readonly nodeName?: string;
}

export const pod = (name: string, claims: readonly string[], change: PodChange = {}): Pod => ({
  metadata: { name, namespace: 'prod', uid: `uid-${name}`, labels: change.labels ?? {} },
  spec: {
    containers: [],
    volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
    ...(change.nodeName && { nodeName: change.nodeName }),
  },
});

export interface VolumeChange {
  readonly gib?: number;
  readonly phase?: 'Pending' | 'Ready' | 'Failed';
  readonly cluster?: string;
  readonly layout?: 'raid1';
}

export const volume = (claimName: string, nodeName: string, change: VolumeChange = {}): LogicalVolume => {
  const { phase = 'Ready', gib = 100 } = change;
  return {
    metadata: { name: volumeName(`uid-${claimName}`) },
    spec: {
      nodeName,
      medium: 'nvme',
      size: `${gib}Gi`,
      volumeMode: 'Filesystem',
      fsType: 'xfs',
      claim: { namespace: 'prod', name: claimName, uid: `uid-${claimName}` },
      ...(change.layout && { layout: change.layout }),
      ...(change.cluster && { application: { cluster: change.cluster } }),
    },
    status: { phase, ...(phase === 'Ready' && { size: `${gib}Gi` }) },
  };
};
