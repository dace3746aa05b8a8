import { applicationOf } from '@berth/contract/topology';
import type { ClaimReference } from '@berth/placement/demands';

/** What we read of a pod, from the watch or from a request. */
export interface PodLike {
  readonly metadata?: {
    readonly name?: string | undefined;
    readonly namespace?: string | undefined;
    readonly uid?: string | undefined;
    readonly labels?: Readonly<Record<string, string>> | null | undefined;
  };
  readonly spec?: {
    readonly volumes?:
      | readonly {
          readonly name: string;
          readonly persistentVolumeClaim?: { readonly claimName: string } | null | undefined;
          readonly ephemeral?: object | null | undefined;
        }[]
      | null
      | undefined;
  };
}

/** `namespace/name`. Also the pod's key among the members of its application. */
export const podKeyOf = (pod: PodLike): string => `${pod.metadata?.namespace ?? ''}/${pod.metadata?.name ?? ''}`;

/** The claims a pod refers to; a generic ephemeral volume's claim is named after pod and volume. */
export const claimReferencesOf = (pod: PodLike): ClaimReference[] => {
  const namespace = pod.metadata?.namespace ?? '';
  return (pod.spec?.volumes ?? []).flatMap((volume): ClaimReference[] => {
    if (volume.persistentVolumeClaim) return [{ claimKey: `${namespace}/${volume.persistentVolumeClaim.claimName}` }];
    if (!volume.ephemeral) return [];
    const claimKey = `${namespace}/${pod.metadata?.name}-${volume.name}`;
    return [pod.metadata?.uid === undefined ? { claimKey } : { claimKey, ownerUid: pod.metadata.uid }];
  });
};

/** Names an application cluster and role; clusters of the same name in two namespaces are two. */
export const applicationKey = (
  namespace: string,
  application: { readonly cluster: string; readonly role?: string | undefined },
): string => JSON.stringify([namespace, application.cluster, application.role ?? '']);

/** The key of the pod's application, or undefined when no label says. */
export const applicationKeyOf = (pod: PodLike): string | undefined => {
  const application = applicationOf(pod.metadata?.labels ?? undefined);
  return application && applicationKey(pod.metadata?.namespace ?? '', application);
};
