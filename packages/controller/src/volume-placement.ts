import { formatBytes } from '@berth/contract/quantity';
import { HoldLedger } from '@berth/placement/hold-ledger';
import { holdsFor, type Judgement, judge } from '@berth/placement/place';
import type { Weights } from '@berth/placement/score';
import type { Clock } from '@berth/runtime/clock';
import type { Caches } from './caches.ts';
import type { VolumeRequest } from './claim-request.ts';
import { nodeStatesOf } from './node-states.ts';

/** A volume that no scheduler has chosen a node for. */
export interface PlacementQuestion {
  /** Name of the LogicalVolume to come: asking again for the same one does not hold room twice. */
  readonly volume: string;
  /** For whom, as people know it. */
  readonly owner: string;
  readonly request: VolumeRequest;
  readonly policy: 'spread' | 'concentrated';
  /** The only nodes that will do; undefined means any. */
  readonly among?: ReadonlySet<string> | undefined;
  /** Nodes that are taken before all others if they have room, in this order. */
  readonly preferred?: readonly string[];
}

/** Where a volume may go, or a sentence with numbers why nowhere. */
export type Choice = { readonly nodeName: string } | { readonly reason: string };
export type PlaceVolume = (question: PlacementQuestion) => Choice;

export interface VolumePlacementOptions {
  readonly caches: Caches;
  readonly weights: Weights;
  readonly clock: Clock;
}

/** A hold bridges the time until the LogicalVolume that was just made shows in the cache. */
const HOLD_MS = 60_000;

/**
 * Chooses nodes for volumes that no scheduler sees. It knows neither the pod, and so not its application cluster and
 * other claims, nor what the extender holds for pods: the node's volume group has the last word, and who found no room
 * there asks again.
 */
export const createVolumePlacement = ({ caches, weights, clock }: VolumePlacementOptions): PlaceVolume => {
  const ledger = new HoldLedger({ ttlMs: HOLD_MS });
  caches.logicalVolumes.onChange(({ key, after }) => after && ledger.release(key));

  return ({ volume, owner, request, policy, among, preferred = [] }) => {
    ledger.expire(clock.monotonicMs());
    const states = nodeStatesOf({
      nodes: caches.nodes.list(),
      storages: caches.nodeStorages.list(),
      logicalVolumes: caches.logicalVolumes.list(),
    });
    const { medium, bytes, layout } = request;
    const kind = { medium, bytes, layout, policy, rackSpread: 'preferred' as const };
    const demand = { claimKey: owner, claimUid: volume, ...kind };
    const question = { demands: [demand], pins: [], podUid: undefined, application: undefined, member: volume };
    const landscape = {
      node: (node: string) => states.get(node),
      rackDomain: () => states.values(),
      members: () => [],
      leftovers: () => [],
    };
    const names = [...states.keys()].filter((name) => among?.has(name) ?? true);
    const judgement = judge(names, question, { landscape, ledger, weights });
    const fitting = new Map(judgement.choices.map((choice) => [choice.node.name, choice]));
    const best = preferred.map((name) => fitting.get(name)).find((choice) => choice) ?? judgement.choices[0];
    if (best === undefined) return noPlace(request, judgement);
    ledger.hold(holdsFor(question, [best]), clock.monotonicMs());
    return { nodeName: best.node.name };
  };
};

const noPlace = (request: VolumeRequest, { refused }: Judgement): Choice => {
  const wanted = `no node has room for ${formatBytes(request.bytes)} of ${request.medium}`;
  const [first] = refused;
  if (first === undefined) return { reason: `${wanted}: no node that takes pods has reported its disks` };
  const others = refused.size > 1 ? `, and ${refused.size - 1} more nodes refused` : '';
  return { reason: `${wanted}: ${first[0]}: ${first[1].join(', ')}${others}` };
};
