import { type AgentSilenceOptions, createAgentSilence } from '@berth/kube/agent-silence';
import type { ClaimLookup } from '@berth/placement/demands';
import type { HoldLedger } from '@berth/placement/hold-ledger';
import type { Landscape } from '@berth/placement/place';
import type { Clock } from '@berth/runtime/clock';
import { areSynced, type Caches, distrust } from './caches.ts';
import { createClaimLookup } from './claim-facts.ts';
import { follow } from './follow.ts';
import { createMemberIndex } from './member-index.ts';
import { createNodeIndex } from './node-index.ts';

export interface ViewOptions {
  readonly caches: Caches;
  /** Kept in step with claims, volumes and pods. */
  readonly ledger: HoldLedger;
  readonly rackLabels: readonly string[];
  /** A collection the API server has said nothing about for longer is not trusted. Milliseconds. */
  readonly staleAfterMs: number;
  readonly agents: Pick<AgentSilenceOptions, 'namespace' | 'silentAfterMs'>;
  readonly clock: Clock;
}

/** The cluster as the extender knows it, indexed so that a question costs what it asks about. */
export interface View {
  readonly lookup: ClaimLookup;
  /** For a pod with this node selector: only nodes it could use count as racks. */
  landscape(nodeSelector: Readonly<Record<string, string>>): Landscape;
  /** Every collection was listed once. */
  readonly synced: boolean;
  /** Why the view must not be trusted, as a sentence. */
  unready(): string | undefined;
}

/** Registers with the caches; call it before they start. */
export const createView = (options: ViewOptions): View => {
  const { caches, ledger, rackLabels, staleAfterMs, clock } = options;
  const silence = createAgentSilence({ agents: caches.agents, ...options.agents, clock });
  const nodeIndex = createNodeIndex({ ...caches, rackLabels, silence });
  const members = createMemberIndex();
  const leftovers = createMemberIndex();
  const lookup = createClaimLookup(caches);
  follow({ caches, lookup, ledger, members, leftovers });

  const hasLabels = (name: string, selector: Readonly<Record<string, string>>): boolean => {
    const labels = caches.nodes.get(name)?.metadata?.labels;
    return Object.entries(selector).every(([key, value]) => labels?.[key] === value);
  };

  return {
    lookup,
    landscape: (nodeSelector) => ({
      node: nodeIndex.node,
      rackDomain: () => [...nodeIndex.all()].filter((node) => hasLabels(node.name, nodeSelector)),
      members: members.ofApplication,
      leftovers: leftovers.ofApplication,
    }),
    get synced() {
      return areSynced(caches);
    },
    unready: () => distrust(caches, staleAfterMs),
  };
};
