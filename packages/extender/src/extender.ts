import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createAccessReview } from '@berth/kube/access-review';
import { AGENT_PODS, slimAgentPod } from '@berth/kube/agent-silence';
import type { KubeClient, Selector } from '@berth/kube/client';
import type { EventRecorder } from '@berth/kube/event-recorder';
import { fenced } from '@berth/kube/fenced-client';
import { CLAIMS, CLASSES, LOGICAL_VOLUMES, NODE_STORAGES, NODES, PODS, type Resource } from '@berth/kube/resources';
import { createWatchCache } from '@berth/kube/watch-cache';
import { HoldLedger } from '@berth/placement/hold-ledger';
import { weightsOf } from '@berth/placement/weight-settings';
import type { Clock } from '@berth/runtime/clock';
import { startHttpServer } from '@berth/runtime/http-server';
import type { Logger } from '@berth/runtime/logger';
import { createMetrics } from '@berth/runtime/metrics';
import { operationsHandler } from '@berth/runtime/operations';
import { buildApp } from './app.ts';
import type { ExtenderConfig } from './config.ts';
import { createDecisionLog } from './decision-log.ts';
import { createExplain, EXPLAIN_PATH } from './explain.ts';
import { createExtenderMetrics, withStateGauges } from './extender-metrics.ts';
import { createLeading } from './leading.ts';
import { leadServiceHere } from './service-address.ts';
import { slimClaim, slimClass, slimNode, slimPod, slimStorage, slimVolume } from './slim.ts';
import { createView } from './view.ts';

/** Names of 5,000 nodes need 1.3 MB at most; whole Node objects of as many, about 60 MB. */
const MAX_BODY_BYTES = 64 * 1024 ** 2;
/** A verdict is some hundred bytes: 20 decisions over 5,000 nodes, or many more over fewer, in about 20 MB. */
const MOST_VERDICTS = 100_000;

export interface ExtenderDependencies {
  readonly config: Readonly<ExtenderConfig>;
  readonly client: KubeClient;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Name of the Lease and of the Service. */
const NAME = 'berth-extender';

/**
 * Watches, listens and answers until the signal fires. It listens from the start and says in /readyz whether it knows
 * enough. Of several replicas one leads: it answers for pods with claims of ours, and the Service leads to it. The others
 * keep their view up to date, so that each could be the next.
 */
export const runExtender = async (dependencies: ExtenderDependencies, signal: AbortSignal): Promise<void> => {
  const { config, client, events, clock, logger } = dependencies;
  const cache = <T>(resource: Resource<T>, keep: (object: T) => T, selector: Selector = {}) =>
    createWatchCache({ client, resource, keep, selector, clock, logger });
  const caches = {
    nodes: cache(NODES, slimNode),
    storages: cache(NODE_STORAGES, slimStorage),
    volumes: cache(LOGICAL_VOLUMES, slimVolume),
    claims: cache(CLAIMS, slimClaim),
    classes: cache(CLASSES, slimClass),
    pods: cache(PODS, slimPod),
    agents: cache(PODS, slimAgentPod, AGENT_PODS),
  };
  const ledger = new HoldLedger({ ttlMs: config.holdTtlSeconds * 1000 });
  const view = createView({
    caches,
    ledger,
    rackLabels: config.rackLabels,
    staleAfterMs: config.staleAfterSeconds * 1000,
    agents: { namespace: config.namespace, silentAfterMs: config.agentSilentAfterSeconds * 1000 },
    clock,
  });
  for (const each of Object.values(caches)) each.start(signal);

  const { namespace, podIp } = config;
  const leading = createLeading({
    client,
    lease: { namespace, name: NAME },
    identity: `${hostname()}_${randomUUID()}`,
    whenSynced: (limit) => Promise.all(Object.values(caches).map((each) => each.whenSynced(limit))),
    work: async ({ check, signal: term }) => {
      if (podIp === undefined) return;
      const target = { namespace, service: NAME, address: podIp, port: app.port };
      await leadServiceHere(target, { client: fenced(client, check), clock, logger }, term);
    },
    clock,
    logger,
  });
  const { refusal } = leading;
  const metrics = withStateGauges(createMetrics(), { caches, ledger, unready: view.unready, refusal });
  const { shortlist, host, port, tlsCert: certFile, tlsKey: keyFile } = config;
  const decisions = createDecisionLog(MOST_VERDICTS);
  const scheduling = buildApp({
    ...{ refusal, view, ledger, weights: weightsOf(config), shortlist, clock, events, decisions, logger },
    metrics: createExtenderMetrics(metrics),
  });
  const explain = createExplain({ decisions, review: createAccessReview(client), logger });
  const app = await startHttpServer({
    handler: (request, gone) => (request.path.startsWith(EXPLAIN_PATH) ? explain : scheduling)(request, gone),
    host,
    port,
    maxBodyBytes: MAX_BODY_BYTES,
    tls: { certFile, keyFile, clock },
    deadline: { ms: config.deadlineMs, clock },
    logger,
  });
  const operations = await startHttpServer({
    handler: operationsHandler({ metrics, unhealthy: () => undefined, unready: view.unready }),
    host,
    port: config.metricsPort,
    maxBodyBytes: 0,
    logger,
  });
  logger.info({ port: app.port, metricsPort: operations.port }, 'listening');
  // Listens to the end of the last term: pods without claims of ours are answered for as long as they ask here.
  await leading.run(signal);
  await Promise.all([app.close(), operations.close()]);
};
