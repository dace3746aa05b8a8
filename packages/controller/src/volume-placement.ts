import { HoldLedger } from '@berth/placement/hold-ledger';
import { holdsFor } from '@berth/placement/place';
import { noRoomSentence } from '@berth/placement/refusal-text';
import type { Weights } from '@berth/placement/score';
import type { Clock } from '@berth/runtime/clock';
import type { Caches } from './caches.ts';
import { judgeNodes, questionOf, type VolumeQuestion } from './judge-nodes.ts';

/** A volume that no scheduler has chosen a node for. Asking again for the same one does not hold room twice. */
export interface PlacementQuestion extends VolumeQuestion {
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

  return ({ among, preferred = [], ...volume }) => {
    ledger.expire(clock.monotonicMs());
    const question = questionOf(volume);
    const { choices, refused } = judgeNodes(caches, question, { ledger, weights, among });
    const fitting = new Map(choices.map((choice) => [choice.node.name, choice]));
    const best = preferred.map((name) => fitting.get(name)).find((choice) => choice) ?? choices[0];
    if (best === undefined) return { reason: noRoomSentence([volume.owner], refused) };
    ledger.hold(holdsFor(question, [best]), clock.monotonicMs());
    return { nodeName: best.node.name };
  };
};
