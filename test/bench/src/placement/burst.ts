import { againstFloor, againstGoal, type Result } from '../result.ts';
import { type Outcome, playBurst } from './scheduler-play.ts';

const SHAPES = [
  { nodes: 250, perNode: 4 },
  { nodes: 1000, perNode: 1 },
];
const AT_REST = 3;
/** Pods between a decision and its annotation: a scheduler at rest, and one whose writes are throttled in a burst. */
const LAGS = [AT_REST, 20, 100];
const ALL = 5_000;

/** 1,000 pods at once on room for exactly 1,000, with several lengths of the shortlist. */
export const benchBurst = async (signal: AbortSignal): Promise<Result[]> => {
  const [all, sixteen, one] = [await playAll(ALL, signal), await playAll(16, signal), await playAll(1, signal)];
  const rounds = (name: string, { volumes }: Total) =>
    againstGoal(`burst: volumes refused by LVM and pods refused in error, per pod, ${name} offered`, {
      value: volumes,
      unit: '',
      goal: 0,
    });
  return [
    rounds('all', all),
    rounds('16', sixteen),
    rounds('1', one),
    againstFloor("burst: the scheduler's own preferences lost, 16 offered against 1", {
      value: sixteen.regret * 100,
      floor: one.regret * 100,
      unit: '%',
      goal: 0.5,
    }),
  ];
};

interface Total {
  /** Rounds too many, per pod. */
  readonly volumes: number;
  /** Of a scheduler at rest. */
  readonly regret: number;
}

const playAll = async (shortlist: number, signal: AbortSignal): Promise<Total> => {
  const plays: (Outcome & { readonly lag: number })[] = [];
  for (const shape of SHAPES) {
    for (const lag of LAGS) {
      signal.throwIfAborted();
      plays.push({ lag, ...(await playBurst({ ...shape, lag, shortlist, seed: 1 })) });
    }
  }
  const sum = (of: (play: Outcome) => number, among = plays) => among.reduce((all, play) => all + of(play), 0);
  const rested = plays.filter(({ lag }) => lag === AT_REST);
  return {
    volumes: sum(({ overCommits, falseNos }) => overCommits + falseNos) / sum(({ placed }) => placed),
    regret: sum(({ regret }) => regret, rested) / rested.length,
  };
};
