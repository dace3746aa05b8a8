import { CONFIRM_DATA_LOSS_ANNOTATION } from '@berth/contract/names';
import type { Due } from './due.ts';
import type { OtherMembers } from './members.ts';

export type RecoveryMode = 'on' | 'dry-run' | 'off';

/** All that decides whether a pod's data on a node that is gone is given up. */
export interface RecoveryFacts {
  readonly mode: RecoveryMode;
  /** What is wrong with the node, as a part of a sentence. */
  readonly trouble: string;
  /** Whether the node works and somebody asked for its removal, so that its pods may well be ready. */
  readonly isPlanned: boolean;
  readonly namespace: string;
  readonly podName: string;
  /** Whether a StatefulSet makes the pod and its claims again. */
  readonly isOfSet: boolean;
  readonly isReady: boolean;
  /** The pod's volumes on the node; at least one. */
  readonly volumes: readonly LostVolume[];
  readonly others: OtherMembers;
}

export interface LostVolume {
  readonly claimName: string;
  readonly claimUid: string;
  readonly due: Due;
  /** Somebody wrote that the data may be lost. */
  readonly isConfirmed: boolean;
}

export type RecoveryDecision =
  | { readonly kind: 'act'; readonly dryRun: boolean; readonly reason: string }
  | { readonly kind: 'wait'; readonly ms: number }
  /** A guard says no; the sentence says which and what would be right. */
  | { readonly kind: 'refuse'; readonly sentence: string };

/**
 * Whether a stateful pod starts again with empty volumes. Pure. When in doubt the data stays. What a person confirmed
 * overrules the guards that weigh other members, not those that say that the volume is not lost, or not replaceable.
 */
export const decideRecovery = (facts: RecoveryFacts): RecoveryDecision => {
  const { mode, trouble, podName, volumes } = facts;
  const kept = volumes.find(({ due }) => due.kind === 'never');
  if (kept)
    return refuse(`${trouble}, but the class of claim ${kept.claimName} of pod ${podName} forbids recovery then`);
  const waitMs = Math.max(...volumes.map(({ due }) => (due.kind === 'wait' ? due.ms : 0)));
  if (waitMs > 0) return { kind: 'wait', ms: waitMs };
  // Marked a moment ago: the grace begins now.
  if (volumes.some(({ due }) => due.kind === 'mark')) return { kind: 'wait', ms: 1_000 };
  if (mode === 'off') return refuse(`${trouble}, but recovery is switched off for the whole cluster`);
  if (!facts.isOfSet) return refuse(`${trouble}, but no StatefulSet would make pod ${podName} and its claims again`);
  if (facts.isReady && !facts.isPlanned)
    return refuse(`${trouble}, but pod ${podName} is ready, so its node is not lost`);
  return weighMembers(facts);
};

const weighMembers = (facts: RecoveryFacts): RecoveryDecision => {
  const { volumes, others } = facts;
  const names = volumes.map(({ claimName }) => claimName).join(', ');
  const what = `${facts.trouble}, which holds ${names} of pod ${facts.podName}`;
  const act = (why: string): RecoveryDecision => ({
    kind: 'act',
    dryRun: facts.mode === 'dry-run',
    reason: `${what}; ${why}`,
  });
  if (volumes.every(({ isConfirmed }) => isConfirmed)) return act('the loss of the data was confirmed');
  if (others.expected === 0) {
    return refuse(`${what}; it is the only member, so the data would be lost for ever. ${howToConfirm(facts)}`);
  }
  if (others.ready < others.expected) {
    const unready = others.unready.length > 0 ? ` (not ${others.unready.join(', ')})` : '';
    const count = `only ${others.ready} of ${others.expected} other members are ready${unready}`;
    return refuse(`${what}; ${count}. ${howToConfirm(facts)}`);
  }
  return act(`all ${others.expected} other members are ready`);
};

/** The commands by which a person overrules a guard, for the claims that are not confirmed yet. */
export const howToConfirm = ({ namespace, volumes }: Pick<RecoveryFacts, 'namespace' | 'volumes'>): string => {
  const commands = volumes
    .filter(({ isConfirmed }) => !isConfirmed)
    .map(
      ({ claimName, claimUid }) =>
        `kubectl -n ${namespace} annotate pvc ${claimName} ${CONFIRM_DATA_LOSS_ANNOTATION}=${claimUid}`,
    );
  return `To give it up all the same: ${commands.join(' && ')}`;
};

const refuse = (sentence: string): RecoveryDecision => ({ kind: 'refuse', sentence });
