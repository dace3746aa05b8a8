import { createEventRecorder } from '@berth/kube/event-recorder';
import { createKubeClient } from '@berth/kube/rest-client';
import { systemClock } from '@berth/runtime/clock';
import type { Logger } from '@berth/runtime/logger';
import { runRole } from '@berth/runtime/role';
import { type ExtenderConfig, extenderConfigSchema } from './config.ts';
import { runExtender } from './extender.ts';

const main = async (config: Readonly<ExtenderConfig>, logger: Logger, signal: AbortSignal): Promise<void> => {
  const client = createKubeClient({ kubeconfig: config.kubeconfig });
  const events = createEventRecorder({ client, component: 'berth-extender', clock: systemClock, logger });
  await runExtender({ config, client, events, clock: systemClock, logger }, signal);
};

void runRole({ name: 'berth-extender', schema: extenderConfigSchema, main });
