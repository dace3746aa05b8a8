import type { NodeStorage } from '@berth/contract/resources/node-storage';
import type { KubeClient } from '@berth/kube/client';
import { NODE_STORAGES } from '@berth/kube/resources';

/** What an operator wants done, by identities of disks. */
export interface Requests {
  readonly wipe: readonly string[];
  readonly forget: readonly string[];
}

export const hasRequests = (object: NodeStorage | undefined): boolean => {
  const { wipe = [], forget = [] } = object?.spec ?? {};
  return wipe.length + forget.length > 0;
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
  const { wipe = [], forget = [] } = object?.spec ?? {};
  if (object === undefined || !hasRequests(object)) return { wipe, forget };
  const { name, uid, resourceVersion } = object.metadata;
  const patch = { metadata: { uid, resourceVersion }, spec: { wipe: null, forget: null } };
  await client.mergePatch(NODE_STORAGES, { name }, patch, {}, signal);
  return { wipe, forget };
};
