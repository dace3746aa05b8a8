import { formatBytes } from '@berth/contract/quantity';
import { parseClassParameters } from '@berth/contract/volume-request';
import type { StorageClass } from '@berth/kube/types';
import { HoldLedger } from '@berth/placement/hold-ledger';
import { holdsFor, type Judgement, judge } from '@berth/placement/place';
import { DEFAULT_WEIGHTS } from '@berth/placement/score';
import type { Clock } from '@berth/runtime/clock';
import type { Caches } from './caches.ts';
import type { Choice, PlaceClaim } from './claim-plan.ts';
import type { ClaimRequest } from './claim-request.ts';
import { nodeStatesOf } from './node-states.ts';

/** A hold bridges the time until the LogicalVolume that was just made shows in the cache. */
const HOLD_MS = 60_000;

/**
 * Chooses nodes for claims with volumeBindingMode Immediate, which no scheduler sees. It knows neither the pod, and so
 * not its application cluster and other claims, nor what the extender holds for pods: the node's volume group has the
 * last word, and a claim that found no room there is placed again.
 */
export const createImmediatePlacement = (caches: Caches, clock: Clock): PlaceClaim => {
  const ledger = new HoldLedger({ ttlMs: HOLD_MS });
  caches.logicalVolumes.onChange(({ after }) => after && ledger.release(after.spec.claim.uid));

  return ({ claim, storageClass, request }) => {
    if (storageClass.allowedTopologies?.length) return { reason: TOPOLOGIES };
    ledger.expire(clock.monotonicMs());
    const states = nodeStatesOf({
      nodes: caches.nodes.list(),
      storages: caches.nodeStorages.list(),
      logicalVolumes: caches.logicalVolumes.list(),
    });
    const { namespace, name, uid = '' } = claim.metadata ?? {};
    const demand = demandOf(`${namespace}/${name}`, uid, { storageClass, request });
    const question = { demands: [demand], pins: [], podUid: undefined, application: undefined, member: uid };
    const landscape = {
      node: (node: string) => states.get(node),
      rackDomain: () => states.values(),
      members: () => [],
    };
    const judgement = judge([...states.keys()], question, { landscape, ledger, weights: DEFAULT_WEIGHTS });
    const [best] = judgement.choices;
    if (best === undefined) return noPlace(request, judgement);
    ledger.hold(holdsFor(question, [best]), clock.monotonicMs());
    return { nodeName: best.node.name };
  };
};

const TOPOLOGIES =
  'allowedTopologies is not supported with volumeBindingMode Immediate; use volumeBindingMode WaitForFirstConsumer';

const demandOf = (
  claimKey: string,
  claimUid: string,
  { storageClass, request }: { storageClass: StorageClass; request: ClaimRequest },
) => {
  const { policy } = parseClassParameters(storageClass.parameters);
  const { medium, bytes } = request;
  return { claimKey, claimUid, medium, bytes, policy, rackSpread: 'preferred' as const };
};

const noPlace = (request: ClaimRequest, { refused }: Judgement): Choice => {
  const wanted = `no node has room for ${formatBytes(request.bytes)} of ${request.medium}`;
  const [first] = refused;
  if (first === undefined) return { reason: `${wanted}: no node that takes pods has reported its disks` };
  const others = refused.size > 1 ? `, and ${refused.size - 1} more nodes refused` : '';
  return { reason: `${wanted}: ${first[0]}: ${first[1].join(', ')}${others}` };
};
