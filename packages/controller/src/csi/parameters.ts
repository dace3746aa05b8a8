import { type ClassParameters, parseClassParameters } from '@berth/contract/volume-request';
import type { Parameters } from './messages.ts';

/** What external-provisioner says of claim and volume with --extra-create-metadata; the rest is the class's own. */
const METADATA = /^csi\.storage\.k8s\.io\/(pvc|pv)\/(name|namespace)$/;

/** The parameters of the class. Throws InvalidArgument for those that are wrong. */
export const parseParameters = (parameters: Parameters): ClassParameters =>
  parseClassParameters(Object.fromEntries(Object.entries(parameters).filter(([key]) => !METADATA.test(key))));

/** As parseParameters; undefined where a call may leave them out, and does. */
export const parseOptionalParameters = (parameters: Parameters): ClassParameters | undefined =>
  Object.keys(parameters).length === 0 ? undefined : parseParameters(parameters);

/** The claim that a volume is for; empty where nobody said. */
export const claimOf = (parameters: Parameters) => ({
  namespace: parameters['csi.storage.k8s.io/pvc/namespace'] ?? '',
  name: parameters['csi.storage.k8s.io/pvc/name'] ?? '',
});
