import { hasCode } from '@berth/contract/errors';
import type { KubeClient } from '@berth/kube/client';
import { CAPACITIES } from '@berth/kube/resources';
import type { CSIStorageCapacity } from '@berth/kube/types';
import { nodeStateOf } from '@berth/placement/node-state';
import type { Caches } from '../caches.ts';
import type { Reconcile } from '../claim-reconciler.ts';
import { buildCapacity } from './capacity-object.ts';
import { planCapacities } from './capacity-plan.ts';

export interface CapacityReconcilerOptions {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly namespace: string;
}

/**
 * Keeps the CSIStorageCapacity objects of a node (the key) as its room is. Works from the caches: a number that is a
 * moment old costs a try, because placement and the node's volume group have the last word.
 */
export const createCapacityReconciler =
  ({ client, caches, namespace }: CapacityReconcilerOptions): Reconcile =>
  async (nodeName, signal) => {
    const changes = planCapacities(wantedFor(nodeName, namespace, caches), caches.capacitiesOfNode(nodeName));
    for (const object of changes.create) {
      // The cache may not show yet what an earlier run made.
      await ignoring('AlreadyExists', client.create(CAPACITIES, object, signal));
    }
    for (const { object, capacity } of changes.patch) {
      await ignoring('NotFound', client.mergePatch(CAPACITIES, refOf(object), { capacity }, {}, signal));
    }
    for (const object of changes.remove) await client.delete(CAPACITIES, refOf(object), {}, signal);
    const againAfterMs = caches.silence.dueInMs(nodeName);
    return againAfterMs === undefined ? undefined : { againAfterMs };
  };

const wantedFor = (nodeName: string, namespace: string, caches: Caches): readonly CSIStorageCapacity[] => {
  const storage = caches.nodeStorages.get(nodeName);
  if (storage === undefined) return [];
  const said = { volumes: caches.volumesOnNode(nodeName), silence: caches.silence.of(nodeName) };
  const state = nodeStateOf({ storage, labels: undefined, ...said });
  return caches.classes
    .list()
    .map((storageClass) => buildCapacity({ namespace, storageClass, storage, state }))
    .filter((object) => object !== undefined);
};

const refOf = ({ metadata }: CSIStorageCapacity) => ({
  namespace: metadata?.namespace ?? '',
  name: metadata?.name ?? '',
});

const ignoring = async (code: 'AlreadyExists' | 'NotFound', work: Promise<unknown>): Promise<void> => {
  try {
    await work;
  } catch (thrown) {
    if (!hasCode(thrown, code)) throw thrown;
  }
};
