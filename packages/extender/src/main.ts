import { connectKube } from '@berth/kube/connect';
import { createEventRecorder } from '@berth/kube/event-recorder';
import { systemClock } from '@berth/runtime/clock';
import type { Logger } from '@berth/runtime/logger';
import { runRole } from '@berth/runtime/role';
import { type ExtenderConfig, extenderConfigSchema } from './config.ts';
import { runExtender } from './extender.ts';

const main = async (config: Readonly<ExtenderConfig>, logger: Logger, signal: AbortSignal): Promise<void> => {
  const client = await connectKube(config.kubeconfig, systemClock);
  const events = createEventRecorder({ client, component: 'berth-extender', clock: systemClock, logger });
  await runExtender({ config, client, events, clock: systemClock, logger }, signal);
};

void runRole({ name: 'berth-extender', schema: extenderConfigSchema, main });
