import { DRIVER_NAME } from '@berth/contract/names';
import type { Handlers } from './server.ts';

/**
 * What the driver can do as a whole, whichever part of it a socket serves: all instances of a version must say the same
 * (CSI 1.11, GetPluginCapabilities).
 */
const CAPABILITIES = [
  { service: { type: 'CONTROLLER_SERVICE' } },
  { service: { type: 'VOLUME_ACCESSIBILITY_CONSTRAINTS' } },
  { volumeExpansion: { type: 'ONLINE' } },
] as const;

/** CSI's Identity service. Probe never waits for a disk: a hung device must not get the process restarted. */
export const createIdentityService = (version: string): Handlers => ({
  getPluginInfo: async () => ({ name: DRIVER_NAME, vendorVersion: version }),
  getPluginCapabilities: async () => ({ capabilities: CAPABILITIES }),
  probe: async () => ({ ready: { value: true } }),
});
