import interfaces from './controller-interfaces.json' with { type: 'json' };
import { readServices } from './service-definition.ts';

/** The services that external-provisioner, external-resizer and other sidecars call. */
export const loadControllerServices = () =>
  readServices(interfaces, { identity: 'csi.v1.Identity', controller: 'csi.v1.Controller' });
