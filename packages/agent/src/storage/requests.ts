import { isDeepStrictEqual } from 'node:util';
import type { NodeStorage, NodeStorageSpec } from '@berth/contract/resources/node-storage';
import type { KubeClient } from '@berth/kube/client';
import { NODE_STORAGES } from '@berth/kube/resources';

/** What an operator wants done once: disks by their identities, orphans by their names. */
export type Requests = { readonly [K in keyof Omit<NodeStorageSpec, 'leaving'>]-?: readonly string[] };

/** Whether a change of the object asks for something that was not asked for before. */
export const isRequest = (before: NodeStorage | undefined, after: NodeStorage | undefined): boolean =>
  hasRequests(after) || !isDeepStrictEqual(leavingOf(before), leavingOf(after));

/** Disks that an operator wants out. Unlike the other lists this one stands. */
export const leavingOf = (object: NodeStorage | undefined): readonly string[] => object?.spec?.leaving ?? [];

const hasRequests = (object: NodeStorage | undefined): boolean =>
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
