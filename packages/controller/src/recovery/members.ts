import { applicationOf } from '@berth/contract/topology';
import type { Pod, StatefulSet } from '@berth/kube/types';

/** The other members of a pod's application cluster; of its set alone when no label names a cluster. */
export interface OtherMembers {
  /** How many there should be. */
  readonly expected: number;
  readonly ready: number;
  /** Names of those that are there and not ready. */
  readonly unready: readonly string[];
}

/** The StatefulSet that made a pod, and makes it again; undefined for any other pod. */
export const setOf = (pod: Pod) =>
  pod.metadata?.ownerReferences?.find(({ kind, controller }) => kind === 'StatefulSet' && controller === true);

export const isReady = (pod: Pod): boolean =>
  pod.metadata?.deletionTimestamp === undefined &&
  (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');

/** The members of all sets of a namespace. */
export interface NamespaceMembers {
  readonly pods: readonly Pod[];
  readonly sets: readonly StatefulSet[];
  /** Uids of the pods whose going is decided though it does not show yet. */
  readonly going: ReadonlySet<string>;
  /** Uids of the claims whose data is given up by decisions that were carried out or will be. */
  readonly givenUp: ReadonlySet<string>;
}

/** The same for all pods of an application cluster, or of a set when no label names a cluster. */
export const applicationKeyOf = (pod: Pod): string => {
  const cluster = applicationOf(pod.metadata?.labels)?.cluster;
  return cluster === undefined ? `set ${setOf(pod)?.uid ?? pod.metadata?.uid}` : `cluster ${cluster}`;
};

/** Counts from what the sets say there should be, so that a member that does not exist at the moment is missed. */
export const otherMembersOf = (
  pod: Pod,
  { pods, sets, going }: Pick<NamespaceMembers, 'pods' | 'sets' | 'going'>,
): OtherMembers => {
  const own = setOf(pod)?.uid;
  const others = pods.filter((other) => other.metadata?.uid !== pod.metadata?.uid);
  const stands = (other: Pod) => isReady(other) && !going.has(other.metadata?.uid ?? '');
  const counts = relatedSets(pod, sets).map((set) => {
    const members = others.filter((other) => setOf(other)?.uid === set.metadata?.uid);
    const expected = Math.max(0, (set.spec?.replicas ?? 1) - (set.metadata?.uid === own ? 1 : 0));
    // A member too many in one set does not stand for one too few in another.
    const ready = Math.min(expected, members.filter(stands).length);
    const unready = members.filter((other) => !stands(other)).map(({ metadata }) => metadata?.name ?? '');
    return { expected, ready, unready };
  });
  return {
    expected: counts.reduce((sum, { expected }) => sum + expected, 0),
    ready: counts.reduce((sum, { ready }) => sum + ready, 0),
    unready: counts.flatMap(({ unready }) => unready),
  };
};

/** The pod's own set, and those with the same label of an application cluster. */
export const relatedSets = (pod: Pod, sets: readonly StatefulSet[]): readonly StatefulSet[] => {
  const own = setOf(pod)?.uid;
  const cluster = applicationOf(pod.metadata?.labels)?.cluster;
  return sets.filter(
    ({ metadata, spec }) =>
      metadata?.uid === own ||
      (cluster !== undefined && applicationOf(spec?.template?.metadata?.labels)?.cluster === cluster),
  );
};
