import { DRIVER_NAME } from '@berth/contract/names';
import type { Handlers } from './server.ts';

export interface IdentityOptions {
  readonly version: string;
  /** What this socket serves besides; volumes grow while they are in use everywhere. */
  readonly capabilities: readonly ('CONTROLLER_SERVICE' | 'VOLUME_ACCESSIBILITY_CONSTRAINTS')[];
}

/** CSI's Identity service. Probe never waits for a disk: a hung device must not get the process restarted. */
export const createIdentityService = ({ version, capabilities }: IdentityOptions): Handlers => ({
  getPluginInfo: async () => ({ name: DRIVER_NAME, vendorVersion: version }),
  getPluginCapabilities: async () => ({
    capabilities: [...capabilities.map((type) => ({ service: { type } })), { volumeExpansion: { type: 'ONLINE' } }],
  }),
  probe: async () => ({ ready: { value: true } }),
});
