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
  const entries = new Map<string, Remembered>();
  let verdicts = 0;

  const forget = (podKey: string) => {
    const entry = entries.get(podKey);
    if (entry === undefined) return;
    verdicts -= sizeOf(entry);
    entries.delete(podKey);
  };

  return {
    record: (podKey, decision, at) => {
      forget(podKey);
      const remembered = remember(decision, at);
      entries.set(podKey, remembered);
      verdicts += sizeOf(remembered);
      for (const oldest of entries.keys()) {
        if (verdicts <= mostVerdicts || oldest === podKey) break;
        forget(oldest);
      }
    },
    explain: (podKey) => {
      const entry = entries.get(podKey);
      return entry && explanationOf(entry);
    },
  };
};

/** A decision in few objects: thousands a call that outlive the call would keep the garbage collector busy. */
interface Remembered {
  readonly at: Date;
  readonly outcome: Decision['outcome'];
  readonly reason: string | undefined;
  readonly offered: readonly string[];
  /** Nodes that fit, with score and certainty at the same index. */
  readonly fitting: readonly string[];
  readonly scores: Float32Array;
  readonly sure: Uint8Array;
  readonly refused: ReadonlyMap<string, readonly string[]>;
}

const remember = ({ outcome, reason, rooms, refused, result }: Decision, at: Date): Remembered => {
  const fitting = rooms.nodes.map(({ name }) => name);
  return { at, outcome, reason, offered: result.NodeNames ?? [], fitting, ...rooms.columns(), refused };
};

/** One more than its nodes, so that many decisions about none are bounded too. */
const sizeOf = ({ fitting, refused }: Remembered): number => fitting.length + refused.size + 1;

const explanationOf = ({ at, outcome, reason, refused, ...remembered }: Remembered): Explanation => {
  const { fitting, scores, sure } = remembered;
  const offered = new Set(remembered.offered);
  const nodes: Record<string, Verdict> = {};
  for (const [index, name] of fitting.entries()) {
    const verdict = offered.has(name) ? 'offered' : 'fits';
    nodes[name] = { verdict, score: Math.round((scores[index] ?? 0) * 1000) / 1000, sure: sure[index] === 1 };
  }
  for (const [name, reasons] of refused) nodes[name] = { verdict: 'refused', reasons };
  return { at: at.toISOString(), outcome, ...(reason !== undefined && { reason }), nodes };
};
