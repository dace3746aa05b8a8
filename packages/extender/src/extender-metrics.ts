import type { HoldLedger } from '@berth/placement/hold-ledger';
import type { Metrics } from '@berth/runtime/metrics';
import { type Caches, entriesOf } from './caches.ts';
import type { Decision } from './decide.ts';

/** What the extender counts. */
export interface ExtenderMetrics {
  /** A call of kube-scheduler that has been answered. */
  answered(verb: string, outcome: string, seconds: number): void;
  /** A filter call about a pod with claims of ours; `asked` is the number of nodes in the request. */
  decided(decision: Decision, asked: number): void;
}

export const createExtenderMetrics = (metrics: Metrics): ExtenderMetrics => {
  const duration = metrics.histogram(
    'berth_extender_request_duration_seconds',
    'Time to answer kube-scheduler.',
    ['verb', 'outcome'],
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5],
  );
  const nodes = metrics.counter(
    'berth_extender_candidates_total',
    'Nodes in filter calls about pods with claims of ours: asked about, and offered in the answer.',
    ['direction'],
  );
  const objections = metrics.counter(
    'berth_extender_objections_total',
    'Reasons against nodes, by kind; a node may have several.',
    ['kind'],
  );
  return {
    answered: (verb, outcome, seconds) => duration.observe({ verb, outcome }, seconds),
    decided: (decision, asked) => {
      nodes.inc({ direction: 'in' }, asked);
      nodes.inc({ direction: 'out' }, decision.result.NodeNames?.length ?? 0);
      for (const [kind, count] of decision.objections) objections.inc({ kind }, count);
    },
  };
};

/** Gauges of what is known and held, brought up to date when somebody reads the metrics. */
export const withStateGauges = (
  metrics: Metrics,
  state: {
    readonly caches: Caches;
    readonly ledger: HoldLedger;
    readonly unready: () => string | undefined;
    readonly refusal: () => string | undefined;
  },
): Metrics => {
  const age = metrics.gauge(
    'berth_extender_cache_age_seconds',
    'Time since the API server last said anything about a collection.',
    ['collection'],
  );
  const objects = metrics.gauge('berth_extender_cache_objects', 'Objects in a collection.', ['collection']);
  const trusted = metrics.gauge(
    'berth_extender_view_trusted',
    '1 while the view answers for pods with claims of ours; 0 while it asks the scheduler to come again.',
  );
  const leads = metrics.gauge('berth_extender_leads', '1 while this replica is the one that answers.');
  const holds = metrics.gauge('berth_extender_holds', 'Claims that room is held for.');
  return {
    ...metrics,
    text: () => {
      for (const [collection, cache] of entriesOf(state.caches)) {
        age.set({ collection }, cache.lastContactAgeMs() / 1000);
        objects.set({ collection }, cache.list().length);
      }
      trusted.set({}, state.unready() === undefined ? 1 : 0);
      leads.set({}, state.refusal() === undefined ? 1 : 0);
      holds.set({}, state.ledger.size);
      return metrics.text();
    },
  };
};
