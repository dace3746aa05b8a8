import { toAppError } from '@berth/contract/errors';
import type { KubeClient } from '@berth/kube/client';
import { startReconciler } from '@berth/kube/reconciler';
import { CLAIMS, PODS, VOLUMES } from '@berth/kube/resources';
import type { PersistentVolumeClaim, Pod } from '@berth/kube/types';
import { createWatchCache } from '@berth/kube/watch-cache';
import { systemClock as clock } from '@berth/runtime/clock';
import { silentLogger as logger } from '@berth/runtime/logger';
import { type NodeIdentity, registerNode, sayAlive, setNodeReady } from './node-objects.ts';

const ALIVE_MS = 5_000;

/** As much of a node's kubelet as the control plane sees: its pods are ready at once, end at once, and have nothing inside. */
export interface PlayedKubelet {
  start(): Promise<void>;
  /** It falls silent. The control plane would notice after half a minute; it is told at once. */
  powerCut(): Promise<void>;
  /** Ends it and leaves its objects as they are. */
  stop(): void;
  /** Says of a pod (`namespace/name`) whether it is ready from now on. */
  setReady(pod: string, isReady: boolean): void;
}

export const startKubelet = async (client: KubeClient, node: NodeIdentity): Promise<PlayedKubelet> => {
  const unready = new Set<string>();
  let running: RunningKubelet | undefined;
  const kubelet: PlayedKubelet = {
    start: async () => {
      await registerNode(client, node);
      running ??= run(client, node.name, unready);
    },
    stop: () => {
      running?.stop();
      running = undefined;
    },
    powerCut: async () => {
      const pods = running?.pods() ?? [];
      kubelet.stop();
      await setNodeReady(client, node.name, 'Unknown');
      for (const pod of pods) await setPodReady(client, pod, 'False');
    },
    setReady: (pod, isReady) => {
      if (isReady) unready.delete(pod);
      else unready.add(pod);
      running?.look(pod);
    },
  };
  await kubelet.start();
  return kubelet;
};

interface RunningKubelet {
  stop(): void;
  look(pod: string): void;
  pods(): readonly Pod[];
}

const run = (client: KubeClient, nodeName: string, unready: ReadonlySet<string>): RunningKubelet => {
  const stop = new AbortController();
  const { signal } = stop;
  const shared = { client, clock, logger };
  const pods = createWatchCache({
    ...shared,
    resource: PODS,
    selector: { fieldSelector: `spec.nodeName=${nodeName}` },
  });
  const claims = createWatchCache({ ...shared, resource: CLAIMS });
  const reconcile = async (key: string) => {
    const pod = pods.get(key);
    if (pod === undefined) return undefined;
    if (pod.metadata?.deletionTimestamp) await end(client, pod);
    else {
      await setPodReady(client, pod, unready.has(key) ? 'False' : 'True');
      for (const claim of claimKeysOf(pod)) await growFileSystem(client, claims.get(claim));
    }
    return undefined;
  };
  const looking = startReconciler({ name: `kubelet-${nodeName}`, reconcile, ...shared, signal });
  pods.onChange(({ key }) => looking.add(key));
  claims.onChange(({ key }) => {
    for (const pod of pods.list()) if (claimKeysOf(pod).includes(key)) looking.add(keyOf(pod));
  });
  pods.start(signal);
  claims.start(signal);
  void keepAlive(client, nodeName, signal);
  return { stop: () => stop.abort(new Error('the node is off')), look: looking.add, pods: pods.list };
};

const keepAlive = async (client: KubeClient, nodeName: string, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    await sayAlive(client, nodeName).catch((thrown: unknown) => toAppError(thrown));
    await clock.sleep(ALIVE_MS, signal).catch(() => {});
  }
};

const keyOf = ({ metadata }: Pod): string => `${metadata?.namespace}/${metadata?.name}`;

const refOf = ({ metadata }: Pod | PersistentVolumeClaim) => ({
  namespace: metadata?.namespace ?? '',
  name: metadata?.name ?? '',
});

const claimKeysOf = ({ metadata, spec }: Pod): string[] =>
  (spec?.volumes ?? []).flatMap(({ persistentVolumeClaim }) =>
    persistentVolumeClaim ? [`${metadata?.namespace}/${persistentVolumeClaim.claimName}`] : [],
  );

const end = (client: KubeClient, pod: Pod): Promise<void> =>
  client.delete(PODS, refOf(pod), { uid: pod.metadata?.uid ?? '', gracePeriodSeconds: 0 });

const setPodReady = async (client: KubeClient, pod: Pod, status: 'True' | 'False'): Promise<void> => {
  const conditions = pod.status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === 'Ready');
  if (before?.status === status) return;
  const ready = { type: 'Ready', status, lastTransitionTime: clock.now().toISOString() };
  const patch = {
    metadata: { uid: pod.metadata?.uid },
    status: { phase: 'Running', conditions: [...conditions.filter((each) => each !== before), ready] },
  };
  await client.mergePatch(PODS, refOf(pod), patch, { subresource: 'status' });
};

/** Kubelet's part in growing (KEP-1790): the claim has the size of its volume, and nothing is left to do. */
const growFileSystem = async (client: KubeClient, claim: PersistentVolumeClaim | undefined): Promise<void> => {
  if (claim?.status?.allocatedResourceStatuses?.storage !== 'NodeResizePending') return;
  const volume = await client.get(VOLUMES, { name: claim.spec?.volumeName ?? '' });
  const status = {
    capacity: { storage: volume?.spec?.capacity?.storage },
    allocatedResourceStatuses: { storage: null },
    conditions: (claim.status.conditions ?? []).filter(({ type }) => type !== 'FileSystemResizePending'),
  };
  const { resourceVersion } = claim.metadata ?? {};
  await client.mergePatch(CLAIMS, refOf(claim), { metadata: { resourceVersion }, status }, { subresource: 'status' });
};
