import { createIdentityService } from '@berth/csi/identity';
import { loadNodeServices } from '@berth/csi/node-services';
import type { Clock } from '@berth/runtime/clock';
import type { Logger } from '@berth/runtime/logger';
import type { Metrics } from '@berth/runtime/metrics';
import { startKeptServer } from './kept-server.ts';
import { createNodeService, type NodeServiceOptions } from './node.ts';
import { createRegistrationService, socketPaths } from './registration.ts';

export interface CsiOptions extends NodeServiceOptions {
  readonly kubeletDir: string;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface CsiEndpoint {
  /** What kubelet said when it refused the driver. */
  refusal(): string | undefined;
  close(): Promise<void>;
}

const RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 60_000;

/** Serves the driver's own socket, then the one that kubelet finds it by. */
export const startCsi = async (options: CsiOptions): Promise<CsiEndpoint> => {
  const { clock, logger } = options;
  const definitions = loadNodeServices();
  const paths = socketPaths(options.kubeletDir);
  const seconds = options.metrics.histogram('berth_csi_call_seconds', 'Duration of calls from kubelet.', [
    'method',
    'code',
  ]);
  const onCall = (call: { method: string; code: string; seconds: number }) =>
    seconds.observe({ method: call.method, code: call.code }, call.seconds);
  let refusal: string | undefined;
  let refusals = 0;
  let cancelRetry = () => {};

  const plugin = await startKeptServer({
    path: paths.plugin,
    services: [
      {
        definition: definitions.identity,
        handlers: createIdentityService(options.version),
      },
      { definition: definitions.node, handlers: createNodeService(options) },
    ],
    clock,
    logger,
    onCall,
  });
  const onStatus = (status: { registered: boolean; error: string }) => {
    cancelRetry();
    refusal = status.registered ? undefined : `kubelet has refused the driver: ${status.error}`;
    if (status.registered) refusals = 0;
    // kubelet tries a socket that it knows less and less often; a new one at once.
    else cancelRetry = clock.after(Math.min(RETRY_MS * 2 ** refusals++, LONGEST_RETRY_MS), () => registration.reopen());
  };
  const registration = await startKeptServer({
    path: paths.registration,
    services: [
      {
        definition: definitions.registration,
        handlers: createRegistrationService({ endpoint: paths.plugin, logger, onStatus }),
      },
    ],
    clock,
    logger,
  });
  return {
    refusal: () => refusal,
    // The registration goes first, so that kubelet sends nothing to a socket that is going away.
    close: async () => {
      cancelRetry();
      await registration.close();
      await plugin.close();
    },
  };
};
