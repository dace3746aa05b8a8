import { createEventRecorder } from '@berth/kube/event-recorder';
import { createKubeClient } from '@berth/kube/rest-client';
import { systemClock } from '@berth/runtime/clock';
import { readProcessConfig } from '@berth/runtime/config';
import { runProcess } from '@berth/runtime/lifecycle';
import { createLogger } from '@berth/runtime/logger';
import { extenderConfigSchema } from './config.ts';
import { runExtender } from './extender.ts';

const config = readProcessConfig(extenderConfigSchema);
const logger = createLogger({ name: 'extender', level: config.logLevel });
const client = createKubeClient({ kubeconfig: config.kubeconfig });
const events = createEventRecorder({ client, component: 'berth-extender', clock: systemClock, logger });

await runProcess((signal) => runExtender({ config, client, events, clock: systemClock, logger }, signal), logger);
