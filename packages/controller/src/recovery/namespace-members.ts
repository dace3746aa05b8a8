import type { KubeClient } from '@berth/kube/client';
import { PODS, STATEFUL_SETS, VOLUME_RECOVERIES } from '@berth/kube/resources';
import type { Pod } from '@berth/kube/types';
import type { NamespaceMembers } from './members.ts';

/** Reads all members of a namespace from the API, just now. */
export const readMembers = async (
  client: KubeClient,
  namespace: string,
  signal: AbortSignal,
): Promise<NamespaceMembers> => {
  // Records first: what is carried out meanwhile then shows in the pods.
  const { items: recoveries } = await client.list(VOLUME_RECOVERIES, {}, signal);
  const { items: sets } = await client.list(STATEFUL_SETS, { namespace }, signal);
  const pods = await readPods(client, namespace, signal);
  const valid = recoveries.filter(({ spec, status }) => !spec.dryRun && status?.phase !== 'Cancelled');
  const open = valid.filter(({ status }) => status?.phase !== 'Done');
  return {
    pods,
    sets,
    going: new Set(open.map(({ spec }) => spec.pod.uid)),
    givenUp: new Set(valid.flatMap(({ spec }) => spec.claims.map(({ uid }) => uid))),
  };
};

/** Reads all pods of a namespace from the API, just now. */
export const readPods = async (client: KubeClient, namespace: string, signal: AbortSignal): Promise<readonly Pod[]> =>
  (await client.list(PODS, { namespace }, signal)).items;
