import { DRIVER_NAME } from '@berth/contract/names';
import type { Handlers } from './server.ts';

/** CSI's Identity service. Probe never waits for a disk: a hung device must not get the agent restarted. */
export const createIdentityService = (options: { readonly version: string }): Handlers => ({
  getPluginInfo: async () => ({ name: DRIVER_NAME, vendorVersion: options.version }),
  getPluginCapabilities: async () => ({
    capabilities: [{ service: { type: 'VOLUME_ACCESSIBILITY_CONSTRAINTS' } }, { volumeExpansion: { type: 'ONLINE' } }],
  }),
  probe: async () => ({ ready: { value: true } }),
});
