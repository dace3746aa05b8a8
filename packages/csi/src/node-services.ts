import interfaces from './node-interfaces.json' with { type: 'json' };
import { readServices } from './service-definition.ts';

/** The services that kubelet calls. */
export const loadNodeServices = () =>
  readServices(interfaces, {
    identity: 'csi.v1.Identity',
    node: 'csi.v1.Node',
    registration: 'pluginregistration.Registration',
  });
