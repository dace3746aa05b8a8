import type { RecoveryPolicy } from '@berth/contract/volume-request';
import type { NodeTrouble } from './node-trouble.ts';

export interface RecoveryTimes {
  /** How long a Node object must be gone: a node that is registered again within it loses nothing. Milliseconds. */
  readonly deletedGraceMs: number;
  /** How long a node must have been not ready, for the policy node-lost. Milliseconds. */
  readonly lostGraceMs: number;
}

export interface DueQuestion {
  readonly policy: RecoveryPolicy;
  readonly trouble: NodeTrouble;
  /** When the volume was first seen without its node, in milliseconds since 1970. */
  readonly goneSinceMs: number | undefined;
  readonly nowMs: number;
  readonly times: RecoveryTimes;
}

/** Whether a volume may be given up for its node's trouble. */
export type Due =
  | { readonly kind: 'never' }
  /** Note the time first; it is kept on the volume, so that it outlives us. */
  | { readonly kind: 'mark' }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'due' };

export const dueFor = ({ policy, trouble, goneSinceMs, nowMs, times }: DueQuestion): Due => {
  if (policy === 'none' || trouble.kind === 'none') return { kind: 'never' };
  if (trouble.kind === 'out-of-service' || trouble.kind === 'removal') return { kind: 'due' };
  if (trouble.kind === 'deleted') {
    return goneSinceMs === undefined ? { kind: 'mark' } : after(goneSinceMs + times.deletedGraceMs, nowMs);
  }
  return policy === 'node-lost' ? after(trouble.sinceMs + times.lostGraceMs, nowMs) : { kind: 'never' };
};

const after = (timeMs: number, nowMs: number): Due =>
  nowMs >= timeMs ? { kind: 'due' } : { kind: 'wait', ms: timeMs - nowMs };
