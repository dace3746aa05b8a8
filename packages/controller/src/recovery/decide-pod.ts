import type { Pod } from '@berth/kube/types';
import { decideRecovery, howToConfirm, type RecoveryDecision, type RecoveryMode } from './decision.ts';
import { askHealth, type HealthOptions } from './health/ask-health.ts';
import type { LostClaim } from './lost-volumes.ts';
import { isReady, type NamespaceMembers, otherMembersOf, relatedSets, setOf } from './members.ts';
import { describeTrouble, type NodeTrouble } from './node-trouble.ts';

export interface PodQuestion {
  readonly pod: Pod;
  /** The pod's volumes on the node; at least one. */
  readonly volumes: readonly LostClaim[];
  readonly members: NamespaceMembers;
  readonly namespace: string;
  readonly nodeName: string;
  readonly trouble: NodeTrouble;
}

/** Decides about one pod; its application is asked last, when all else speaks for it and nobody has confirmed the loss. */
export const decidePod = async (
  options: HealthOptions & { readonly mode: RecoveryMode },
  { pod, volumes, members, namespace, nodeName, trouble }: PodQuestion,
  signal: AbortSignal,
): Promise<RecoveryDecision> => {
  const decision = decideRecovery({
    mode: options.mode,
    trouble: describeTrouble(nodeName, trouble),
    isPlanned: trouble.kind === 'removal',
    namespace,
    podName: pod.metadata?.name ?? '',
    isOfSet: setOf(pod) !== undefined,
    isReady: isReady(pod),
    volumes,
    others: otherMembersOf(pod, members),
  });
  if (decision.kind !== 'act' || volumes.every(({ isConfirmed }) => isConfirmed)) return decision;
  const works = trouble.kind === 'removal' && trouble.isReady;
  const sets = relatedSets(pod, members.sets);
  const obstacle = await askHealth(options, { sets, namespace, isPlanned: works }, signal);
  if (obstacle === undefined) return decision;
  return { kind: 'refuse', sentence: `${decision.reason}; but ${obstacle}. ${howToConfirm({ namespace, volumes })}` };
};
