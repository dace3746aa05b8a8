import { volumeName } from '@berth/contract/names';
import { parseQuantity } from '@berth/contract/quantity';
import { parseClassParameters } from '@berth/contract/volume-request';
import type { Pod } from '@berth/kube/types';
import { HoldLedger } from '@berth/placement/hold-ledger';
import { noRoomSentence } from '@berth/placement/refusal-text';
import { DEFAULT_WEIGHTS } from '@berth/placement/score';
import type { Caches } from '../caches.ts';
import type { PlaceQuestion } from '../claim-plan.ts';
import { judgeNodes, questionOf } from '../judge-nodes.ts';

/** Whether kube-scheduler has looked for a node for the pod and found none. */
export const isUnschedulable = ({ status }: Pod): boolean =>
  (status?.conditions ?? []).some(
    ({ type, status: value, reason }) => type === 'PodScheduled' && value === 'False' && reason === 'Unschedulable',
  );

/**
 * Why no node can take the claim, in the words of the extender; undefined when the room of some node would do.
 * kube-scheduler rules out full nodes by CSIStorageCapacity objects, says no more than that they are full, and then does
 * not ask the extender: so those objects decide whether there is something to tell.
 */
export const createNoRoomReport =
  (caches: Caches) =>
  ({ claim, storageClass, request }: PlaceQuestion): string | undefined => {
    const rooms = caches.capacitiesOfClass(storageClass.metadata?.name ?? '');
    if (rooms.some(({ capacity }) => parseQuantity(capacity ?? '0') >= request.bytes)) return undefined;
    const { namespace, name, uid = '' } = claim.metadata ?? {};
    const owner = `${namespace}/${name}`;
    const { policy } = parseClassParameters(storageClass.parameters);
    const question = questionOf({ volume: volumeName(uid), owner, request, policy });
    // Nobody is told where the claim would fit best, so neither what is held nor the weights matter.
    const nothingHeld = new HoldLedger({ ttlMs: 0 });
    const { choices, refused } = judgeNodes(caches, question, { ledger: nothingHeld, weights: DEFAULT_WEIGHTS });
    return choices.length > 0 ? undefined : noRoomSentence([owner], refused);
  };
