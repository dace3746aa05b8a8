import { toAppError } from '@berth/contract/errors';
import type { AccessReview } from '@berth/kube/access-review';
import type { HttpHandler, HttpRequest, HttpResponse } from '@berth/runtime/http-server';
import type { Logger } from '@berth/runtime/logger';
import type { DecisionLog } from './decision-log.ts';

export interface ExplainOptions {
  readonly decisions: DecisionLog;
  readonly review: AccessReview;
  readonly logger: Logger;
}

export const EXPLAIN_PATH = '/explain/';

/**
 * `GET /explain/NAMESPACE/POD`: the last decision about a pod with the verdict on every node. For whoever may read the
 * pod: the API server is asked whose token it is and whether they may.
 */
export const createExplain =
  ({ decisions, review, logger }: ExplainOptions): HttpHandler =>
  async (request, signal) => {
    const [namespace, name, ...more] = request.path.slice(EXPLAIN_PATH.length).split('/');
    if (!namespace || !name || more.length > 0) return { status: 404, body: 'ask for /explain/NAMESPACE/POD' };
    if (request.method !== 'GET') return { status: 405, body: 'use GET' };
    const token = bearerOf(request);
    if (token === undefined) return { status: 401, body: 'send a token: Authorization: Bearer TOKEN' };
    try {
      const verdict = await review(token, { verb: 'get', resource: 'pods', namespace, name }, signal);
      if (verdict === 'unauthenticated') return { status: 401, body: 'the API server does not know this token' };
      if (verdict === 'denied') return { status: 403, body: `you may not read pod ${name} in namespace ${namespace}` };
    } catch (thrown) {
      logger.warn({ err: toAppError(thrown).message }, 'cannot review a token');
      return { status: 503, body: 'the API server cannot be asked whose token this is; try again' };
    }
    return answer(decisions, `${namespace}/${name}`);
  };

const answer = (decisions: DecisionLog, podKey: string): HttpResponse => {
  const explanation = decisions.explain(podKey);
  return explanation === undefined
    ? { status: 404, body: `nothing is remembered of pod ${podKey}: it has no claims of ours, or it is too long ago` }
    : { status: 200, body: JSON.stringify({ pod: podKey, ...explanation }), contentType: 'application/json' };
};

const bearerOf = ({ headers }: HttpRequest): string | undefined =>
  /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
