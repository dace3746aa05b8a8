import { toAppError } from '@berth/contract/errors';
import type { EventRecorder } from '@berth/kube/event-recorder';
import { nodeSentence, noRoomSentence } from '@berth/placement/refusal-text';
import type { HttpHandler, HttpRequest, HttpResponse } from '@berth/runtime/http-server';
import type { Logger } from '@berth/runtime/logger';
import { type DecideOptions, type Decision, filter, prioritize } from './decide.ts';
import type { DecisionLog } from './decision-log.ts';
import { nodeNamesOf, parseExtenderArgs } from './extender-api.ts';
import type { ExtenderMetrics } from './extender-metrics.ts';
import { podKeyOf } from './pod-facts.ts';
import { parsePreemptionArgs, preempt } from './preempt.ts';

export interface AppOptions extends DecideOptions {
  readonly events: EventRecorder;
  readonly metrics: ExtenderMetrics;
  readonly decisions: DecisionLog;
  readonly logger: Logger;
}

const PATHS = 'POST /filter, POST /prioritize and POST /preempt';

/** The extender's HTTP interface; it does not listen by itself. */
export const buildApp = (options: AppOptions): HttpHandler => {
  return (request) => {
    const verb = VERBS[request.path];
    if (verb === undefined) return { status: 404, body: `no such path; there is ${PATHS}` };
    if (request.method !== 'POST') return { status: 405, body: `use POST; there is ${PATHS}` };
    const startMs = options.clock.monotonicMs();
    const { outcome, response } = answer(verb, request, options);
    options.metrics.answered(request.path.slice(1), outcome, (options.clock.monotonicMs() - startMs) / 1000);
    // kube-scheduler keeps connections: without this it would stay with a replica that leads no more.
    return options.refusal() === undefined ? response : { ...response, lastOfConnection: true };
  };
};

interface Answer {
  readonly outcome: string;
  readonly response: HttpResponse;
}

type Verb = (body: Buffer, options: AppOptions) => { readonly outcome: string; readonly result: unknown };

const answer = (verb: Verb, request: HttpRequest, options: AppOptions): Answer => {
  try {
    const { outcome, result } = verb(request.body, options);
    return { outcome, response: { status: 200, body: JSON.stringify(result), contentType: 'application/json' } };
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code === 'InvalidArgument')
      return { outcome: 'malformed', response: { status: 400, body: error.message } };
    options.logger.error({ err: error, path: request.path }, 'cannot answer kube-scheduler');
    return { outcome: 'failed', response: { status: 500, body: error.message } };
  }
};

const filterVerb: Verb = (body, options) => {
  const args = parseExtenderArgs(body);
  const decision = filter(args, options);
  const { name, namespace, uid } = args.Pod.metadata;
  const fields = { pod: `${namespace}/${name}`, outcome: decision.outcome };
  if (decision.outcome === 'passed') options.logger.debug(fields, 'filtered');
  else {
    options.logger.info({ ...fields, ...summary(decision) }, 'filtered');
    options.metrics.decided(decision, nodeNamesOf(args).length);
    options.decisions.record(podKeyOf(args.Pod), decision, options.clock.now());
  }
  if (decision.outcome === 'refused') {
    options.events.record(
      { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, ...(uid !== undefined && { uid }) } },
      { type: 'Warning', reason: 'NoRoomOnDisks', message: messageFor(decision), standing: true },
    );
  }
  return decision;
};

const VERBS: Readonly<Record<string, Verb>> = {
  '/filter': filterVerb,
  '/prioritize': (body, options) => ({ outcome: 'scored', result: prioritize(parseExtenderArgs(body), options) }),
  '/preempt': (body, options) => ({ outcome: 'judged', result: preempt(parsePreemptionArgs(body), options) }),
};

/** A pod without claims to find room for is one whose volumes are not where it may go. */
const messageFor = ({ claims, reason, refused }: Decision): string => {
  if (reason !== undefined) return reason;
  return claims.length > 0 ? noRoomSentence(claims, refused) : nodeSentence([...refused.values()][0] ?? []);
};

const summary = ({ result }: Decision) => ({
  nodes: result.NodeNames?.slice(0, 3),
  offered: result.NodeNames?.length,
  refused: Object.keys(result.FailedAndUnresolvableNodes).length,
  ...(result.Error !== '' && { reason: result.Error }),
});
