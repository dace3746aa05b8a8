import type { Choice } from '@berth/placement/place';
import type { Decision } from './decide.ts';

/** What was decided about one node. */
export interface Verdict {
  /** Offered to the scheduler, good but not among the best, or refused. */
  readonly verdict: 'offered' | 'fits' | 'refused';
  /** 0..1; of nodes that fit. */
  readonly score?: number;
  /** Whether there is room wherever pods end up that are not decided yet; of nodes that fit. */
  readonly sure?: boolean;
  /** Every reason against a node that is refused. */
  readonly reasons?: readonly string[];
}

/** The last decision about a pod. */
export interface Explanation {
  readonly at: string;
  readonly outcome: Decision['outcome'];
  /** Why nothing could be said, or why no node can ever take the pod. */
  readonly reason?: string;
  readonly nodes: Readonly<Record<string, Verdict>>;
}

export interface DecisionLog {
  record(podKey: string, decision: Decision, at: Date): void;
  /** The last decision about the pod `namespace/name`; undefined when it is too long ago, or there was none. */
  explain(podKey: string): Explanation | undefined;
}

/** Keeps the last decision of each pod, as many as fit: together they speak of at most so many nodes. The oldest go first. */
export const createDecisionLog = (mostVerdicts: number): DecisionLog => {
  const entries = new Map<string, { readonly decision: Decision; readonly at: Date }>();
  let verdicts = 0;

  const forget = (podKey: string) => {
    const entry = entries.get(podKey);
    if (entry === undefined) return;
    verdicts -= sizeOf(entry.decision);
    entries.delete(podKey);
  };

  return {
    record: (podKey, decision, at) => {
      forget(podKey);
      entries.set(podKey, { decision, at });
      verdicts += sizeOf(decision);
      for (const oldest of entries.keys()) {
        if (verdicts <= mostVerdicts || oldest === podKey) break;
        forget(oldest);
      }
    },
    explain: (podKey) => {
      const entry = entries.get(podKey);
      return entry && explanationOf(entry.decision, entry.at);
    },
  };
};

/** One more than its nodes, so that many decisions about none are bounded too. */
const sizeOf = ({ choices, refused }: Decision): number => choices.length + refused.size + 1;

const explanationOf = ({ outcome, reason, choices, refused, result }: Decision, at: Date): Explanation => {
  const offered = new Set(result.NodeNames ?? []);
  const fitting = choices.map((choice) => [choice.node.name, verdictOf(choice, offered)] as const);
  const others = [...refused].map(([name, reasons]) => [name, { verdict: 'refused' as const, reasons }] as const);
  return {
    at: at.toISOString(),
    outcome,
    ...(reason !== undefined && { reason }),
    nodes: Object.fromEntries([...fitting, ...others]),
  };
};

const verdictOf = ({ node, score, sure }: Choice, offered: ReadonlySet<string>): Verdict => ({
  verdict: offered.has(node.name) ? 'offered' : 'fits',
  score: Math.round(score * 1000) / 1000,
  sure,
});
