import { DRIVER_VERSION } from '@berth/contract/names';
import { connectKube } from '@berth/kube/connect';
import { systemClock } from '@berth/runtime/clock';
import { startHttpServer } from '@berth/runtime/http-server';
import type { Logger } from '@berth/runtime/logger';
import { createMetrics } from '@berth/runtime/metrics';
import { operationsHandler } from '@berth/runtime/operations';
import { runRole } from '@berth/runtime/role';
import { spawner } from '@berth/runtime/spawn';
import { startAgent } from './app.ts';
import { type AgentConfig, agentConfigSchema } from './config.ts';

const main = async (config: AgentConfig, logger: Logger, signal: AbortSignal): Promise<void> => {
  const metrics = createMetrics();
  const client = await connectKube(config.kubeconfig, systemClock);
  const agent = await startAgent(
    { config, client, spawner, clock: systemClock, logger, metrics, version: DRIVER_VERSION },
    signal,
  );
  const operations = await startHttpServer({
    handler: operationsHandler({ metrics, unhealthy: () => undefined, unready: agent.unready }),
    host: '0.0.0.0',
    port: config.metricsPort,
    maxBodyBytes: 0,
    logger,
  });
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  await agent.close();
  await operations.close();
};

void runRole({ name: 'berth-agent', schema: agentConfigSchema, main });
