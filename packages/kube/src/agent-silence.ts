import type { Clock } from '@berth/runtime/clock';
import { indexBy } from './cache-index.ts';
import type { Selector } from './client.ts';
import type { Pod } from './types.ts';
import type { WatchCache } from './watch-cache.ts';

const LABELS = { 'app.kubernetes.io/name': 'berth', 'app.kubernetes.io/component': 'agent' };

/** The pods of agents, as `deploy/` labels them. */
export const AGENT_PODS: Selector = {
  labelSelector: Object.entries(LABELS)
    .map(([key, value]) => `${key}=${value}`)
    .join(','),
};

/** Where the pod runs, since when it is as ready as it is, and when it was made. */
export const slimAgentPod = (pod: Pod): Pod => ({
  metadata: only(['name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp'], pod.metadata),
  spec: { ...only(['nodeName'], pod.spec), containers: [] },
  status: { conditions: (pod.status?.conditions ?? []).filter(({ type }) => type === 'Ready') },
});

/**
 * Which nodes have an agent that has not been ready for long: nobody there makes a volume. What tells is the readiness of its pod,
 * which kubelet keeps (and the control plane, when kubelet is gone), so that agents need not write anything to show that they live.
 * Nothing is said of a node without such a pod, for an agent may be run in another way.
 */
export interface AgentSilence {
  /** Since when, as a sentence; undefined where the agent is ready, or was until lately. */
  of(nodeName: string): string | undefined;
  /** Milliseconds until the agent, which is not ready, counts as silent; undefined when that is not to come. */
  dueInMs(nodeName: string): number | undefined;
}

export interface AgentSilenceOptions {
  /** Pods as `AGENT_PODS` selects them, kept by `slimAgentPod`; not started yet. */
  readonly agents: WatchCache<Pod>;
  /** Where the agents are; pods of others with the same labels don't count. */
  readonly namespace: string;
  readonly silentAfterMs: number;
  readonly clock: Clock;
}

export const createAgentSilence = (options: AgentSilenceOptions): AgentSilence => {
  const { agents, namespace, silentAfterMs, clock } = options;
  const isOurs = ({ metadata }: Pod) => metadata?.namespace === namespace;
  const onNode = indexBy(agents, (pod) => (isOurs(pod) ? pod.spec?.nodeName : undefined));
  /** Nodes that may be silent, so that the others cost next to nothing. */
  const doubtful = new Set<string>();
  agents.onChange(({ before, after }) => {
    for (const name of [before?.spec?.nodeName, after?.spec?.nodeName]) {
      if (name === undefined) continue;
      const pods = onNode(name);
      if (pods.length > 0 && !pods.some(isReady)) doubtful.add(name);
      else doubtful.delete(name);
    }
  });
  /** The newest of several: while pods are replaced, the old one says nothing of the new one. */
  const latest = (nodeName: string) => {
    // Asked for thousands of nodes at a time.
    if (doubtful.size === 0 || !doubtful.has(nodeName)) return undefined;
    return onNode(nodeName)
      .map((pod) => ({ pod, sinceMs: unreadySince(pod) }))
      .toSorted((a, b) => b.sinceMs - a.sinceMs)[0];
  };

  return {
    of: (nodeName) => {
      const found = latest(nodeName);
      if (found === undefined || clock.now().getTime() - found.sinceMs < silentAfterMs) return undefined;
      const since = new Date(found.sinceMs).toISOString().replace('.000Z', 'Z');
      return `its agent, pod ${found.pod.metadata?.namespace}/${found.pod.metadata?.name}, has not been ready since ${since}`;
    },
    dueInMs: (nodeName) => {
      const found = latest(nodeName);
      const dueMs = found && found.sinceMs + silentAfterMs - clock.now().getTime();
      return dueMs !== undefined && dueMs > 0 ? dueMs : undefined;
    },
  };
};

const only = <T extends object, K extends keyof T>(keys: readonly K[], object: T | undefined): Partial<T> =>
  Object.fromEntries(Object.entries(object ?? {}).filter(([key]) => keys.includes(key as K))) as Partial<T>;

const readyOf = ({ status }: Pod) => status?.conditions?.find(({ type }) => type === 'Ready');

const isReady = (pod: Pod): boolean => readyOf(pod)?.status === 'True';

const unreadySince = (pod: Pod): number =>
  Date.parse(String(readyOf(pod)?.lastTransitionTime ?? pod.metadata?.creationTimestamp ?? ''));
