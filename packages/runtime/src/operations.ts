import type { HttpHandler } from './http-server.ts';
import type { Metrics } from './metrics.ts';

export interface OperationsOptions {
  readonly metrics: Metrics;
  /** A sentence when the process must be restarted. */
  readonly unhealthy: () => string | undefined;
  /** A sentence while the process can't do its work. */
  readonly unready: () => string | undefined;
}

/** The endpoints for those who run us: /healthz, /readyz, /metrics. */
export const operationsHandler =
  (options: OperationsOptions): HttpHandler =>
  async ({ path }) => {
    if (path === '/healthz') return verdict(options.unhealthy());
    if (path === '/readyz') return verdict(options.unready());
    if (path === '/metrics') {
      return {
        status: 200,
        body: await options.metrics.text(),
        contentType: 'text/plain; version=0.0.4; charset=utf-8',
      };
    }
    return { status: 404, body: 'there is /healthz, /readyz and /metrics' };
  };

const verdict = (problem: string | undefined) => ({ status: problem === undefined ? 200 : 503, body: problem ?? 'ok' });
