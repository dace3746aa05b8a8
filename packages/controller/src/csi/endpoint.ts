import { DRIVER_VERSION } from '@berth/contract/names';
import { loadControllerServices } from '@berth/csi/controller-services';
import { createIdentityService } from '@berth/csi/identity';
import { type SocketServer, startSocketServer } from '@berth/csi/server';
import type { Logger } from '@berth/runtime/logger';
import type { Metrics } from '@berth/runtime/metrics';
import { type ControllerServiceOptions, createControllerService } from './service.ts';

export interface CsiEndpointOptions extends ControllerServiceOptions {
  readonly path: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Serves CSI's Identity and Controller on a unix socket that only our own user can open. */
export const startCsiEndpoint = (options: CsiEndpointOptions): Promise<SocketServer> => {
  const { path, clock, logger, metrics } = options;
  const definitions = loadControllerServices();
  const help = 'Duration of calls from sidecars.';
  const seconds = metrics.histogram('berth_csi_call_seconds', help, ['method', 'code']);
  const identity = createIdentityService(DRIVER_VERSION);
  return startSocketServer({
    path,
    services: [
      { definition: definitions.identity, handlers: identity },
      { definition: definitions.controller, handlers: createControllerService(options) },
    ],
    clock,
    logger,
    onCall: (call) => seconds.observe({ method: call.method, code: call.code }, call.seconds),
  });
};
