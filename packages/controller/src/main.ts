import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { DRIVER_NAME } from '@berth/contract/names';
import type { SocketServer } from '@berth/csi/server';
import { connectKube } from '@berth/kube/connect';
import { createEventRecorder } from '@berth/kube/event-recorder';
import { fenced } from '@berth/kube/fenced-client';
import { type Leadership, whileLeading } from '@berth/kube/leader-election';
import { weightsOf } from '@berth/placement/weight-settings';
import { systemClock } from '@berth/runtime/clock';
import { startHttpServer } from '@berth/runtime/http-server';
import type { Logger } from '@berth/runtime/logger';
import { createMetrics } from '@berth/runtime/metrics';
import { operationsHandler } from '@berth/runtime/operations';
import { runRole } from '@berth/runtime/role';
import type { z } from 'zod';
import { createCaches, startCaches, watched } from './caches.ts';
import { configSchema } from './config.ts';
import { runController } from './controller.ts';
import { createImmediatePlacement } from './immediate.ts';
import { createVolumePlacement } from './volume-placement.ts';

/** Watches that heard nothing for this long are dead: bookmarks come every minute. */
const DEAD_MS = 15 * 60_000;

const DAY_MS = 24 * 60 * 60_000;

type Config = Readonly<z.infer<typeof configSchema>>;

const main = async (config: Config, logger: Logger, signal: AbortSignal): Promise<void> => {
  const clock = systemClock;
  const metrics = createMetrics();
  const client = await connectKube(config.kubeconfig, clock);
  const events = createEventRecorder({ client, component: `${DRIVER_NAME}/controller`, clock, logger });
  const agents = { namespace: config.namespace, silentAfterMs: config.agentSilentAfterSeconds * 1000 };
  const caches = createCaches({ client, agents, clock, logger });
  const all = watched(caches);
  const server = await startHttpServer({
    host: '0.0.0.0',
    port: config.metricsPort,
    maxBodyBytes: 0,
    logger,
    handler: operationsHandler({
      metrics,
      unhealthy: () => (all.some((cache) => cache.lastContactAgeMs() > DEAD_MS) ? 'a watch is silent' : undefined),
      unready: () => (all.every((cache) => cache.synced) ? undefined : 'the first lists have not arrived'),
    }),
  });
  let csi: SocketServer | undefined;
  try {
    await startCaches(caches, signal);
    logger.info({ port: server.port }, 'controller started');
    const { workers, namespace, claims } = config;
    const times = { orphanGraceMs: config.orphanGraceSeconds * 1000, resyncMs: config.resyncSeconds * 1000 };
    const recovery = {
      mode: config.recovery,
      healthChecks: config.healthChecks,
      keepRecordsMs: config.recoveryRecordDays * DAY_MS,
      times: { deletedGraceMs: config.nodeDeletedGraceSeconds * 1000, lostGraceMs: config.nodeLostGraceSeconds * 1000 },
    };
    const placeVolume = createVolumePlacement({ caches, weights: weightsOf(config), clock });
    const place = createImmediatePlacement(placeVolume);
    if (config.csiSocket !== undefined) {
      // Not fenced: creating by name and deleting by version are safe from any process, leading or not.
      // gRPC takes a while to load, and most have no use for it.
      const { startCsiEndpoint } = await import('./csi/endpoint.ts');
      const service = { client, caches, place: placeVolume, clock, logger, metrics };
      csi = await startCsiEndpoint({ ...service, path: config.csiSocket });
    }
    const leads = metrics.gauge('berth_controller_leads', '1 while this process is the one that works.');
    leads.set({}, 0);
    const lease = { namespace, name: 'berth-controller' };
    const identity = `${hostname()}_${randomUUID()}`;
    const work = async ({ check, signal: term }: Leadership) => {
      leads.set({}, 1);
      const parts = { client: fenced(client, check), caches, events, place, clock, logger, metrics };
      await runController({ ...parts, ...times, recovery, namespace, workers, claims }, term);
      leads.set({}, 0);
    };
    await whileLeading({ client, lease, identity, clock, logger }, work, signal);
  } finally {
    await csi?.close();
    await server.close();
  }
};

void runRole({ name: 'berth-controller', schema: configSchema, main });
