import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { NodeStorage } from '@berth/contract/resources/node-storage';
import type { AgentSilence } from '@berth/kube/agent-silence';
import type { Node } from '@berth/kube/types';
import type { WatchCache } from '@berth/kube/watch-cache';
import type { NodeState } from '@berth/placement/model';
import { nodeStateOf } from '@berth/placement/node-state';
import { createNamedStates } from './named-states.ts';

export interface NodeIndexOptions {
  readonly nodes: WatchCache<Node>;
  readonly storages: WatchCache<NodeStorage>;
  readonly volumes: WatchCache<LogicalVolume>;
  readonly rackLabels: readonly string[];
  readonly silence: AgentSilence;
}

/** Nodes as placement sees them. A lookup costs nothing but for a node that changed since the last one. */
export interface NodeIndex {
  /** Undefined when the node's agent has never reported. */
  node(name: string): NodeState | undefined;
  all(): Iterable<NodeState>;
}

/** Register before the caches start: every change of theirs must be seen. */
export const createNodeIndex = ({ nodes, storages, volumes, rackLabels, silence }: NodeIndexOptions): NodeIndex => {
  const built = createNamedStates();
  const taken = new Map<string, Map<string, LogicalVolume>>();

  nodes.onChange(({ key }) => built.delete(key));
  storages.onChange(({ key }) => built.delete(key));
  volumes.onChange(({ key, before, after }) => {
    if (before) {
      const node = before.spec.nodeName;
      taken.get(node)?.delete(key);
      if (taken.get(node)?.size === 0) taken.delete(node);
      built.delete(node);
    }
    if (after) {
      const node = after.spec.nodeName;
      const onNode = taken.get(node) ?? new Map<string, LogicalVolume>();
      taken.set(node, onNode.set(key, after));
      built.delete(node);
    }
  });

  const build = (name: string, storage: NodeStorage): NodeState => {
    const labels = nodes.get(name)?.metadata?.labels;
    return nodeStateOf({ storage, labels, rackLabels, volumes: taken.get(name)?.values() ?? [] });
  };

  /** An agent falls silent by time alone, so that is not part of what is built. */
  const node = (name: string): NodeState | undefined => {
    const known = built.get(name) ?? rebuild(name);
    const silent = silence.of(name);
    return known && silent !== undefined ? { ...known, out: known.out ?? silent } : known;
  };

  const rebuild = (name: string): NodeState | undefined => {
    const storage = storages.get(name);
    if (storage === undefined) return undefined;
    const state = build(name, storage);
    built.set(state);
    return state;
  };

  return {
    node,
    all: () => storages.list().flatMap((storage) => node(storage.metadata.name) ?? []),
  };
};
