import type { NodeStorage, NodeStorageSpec } from '@berth/contract/resources/node-storage';
import type { KubeClient } from '@berth/kube/client';
import { NODE_STORAGES } from '@berth/kube/resources';

/** What an operator wants done: disks by their identities, orphans by their names. */
export type Requests = { readonly [K in keyof NodeStorageSpec]-?: readonly string[] };

export const hasRequests = (object: NodeStorage | undefined): boolean =>
  Object.values(requestsOf(object)).some((list) => list.length > 0);

const requestsOf = (object: NodeStorage | undefined): Requests => {
  const { wipe = [], forget = [], removeOrphans = [] } = object?.spec ?? {};
  return { wipe, forget, removeOrphans };
};

/**
 * Takes the operator's requests off the object and returns them. They count once: whatever comes between this and the work loses
 * the request, and never repeats it on what is on the disk by then. Throws Aborted when the object has changed meanwhile.
 */
export const takeRequests = async (
  client: KubeClient,
  object: NodeStorage | undefined,
  signal: AbortSignal,
): Promise<Requests> => {
  const requests = requestsOf(object);
  if (object === undefined || !hasRequests(object)) return requests;
  const { name, uid, resourceVersion } = object.metadata;
  const patch = { metadata: { uid, resourceVersion }, spec: { wipe: null, forget: null, removeOrphans: null } };
  await client.mergePatch(NODE_STORAGES, { name }, patch, {}, signal);
  return requests;
};
