import { join } from 'node:path';
import { DRIVER_NAME } from '@berth/contract/names';
import type { Handlers } from '@berth/csi/server';
import type { Logger } from '@berth/runtime/logger';

/** Where kubelet looks for plugins, and where ours has its own socket; both paths are the same inside and outside the pod. */
export const socketPaths = (kubeletDir: string) => ({
  plugin: join(kubeletDir, 'plugins', DRIVER_NAME, 'csi.sock'),
  registration: join(kubeletDir, 'plugins_registry', `${DRIVER_NAME}-reg.sock`),
});

/**
 * kubelet's plugin registration service. kubelet asks each time it (re)starts or the socket appears.
 * `onStatus` is told whether kubelet took us.
 */
export const createRegistrationService = (options: {
  readonly endpoint: string;
  readonly logger: Logger;
  readonly onStatus: (status: { registered: boolean; error: string }) => void;
}): Handlers => ({
  getInfo: async () => ({
    type: 'CSIPlugin',
    name: DRIVER_NAME,
    endpoint: options.endpoint,
    supportedVersions: ['1.0.0'],
  }),
  notifyRegistrationStatus: async (request: { pluginRegistered: boolean; error: string }) => {
    const { pluginRegistered: registered, error } = request;
    if (registered) options.logger.info({}, 'kubelet has registered the driver');
    else options.logger.error({ reason: error }, 'kubelet has refused the driver');
    options.onStatus({ registered, error });
    return {};
  },
});
