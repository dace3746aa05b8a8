import { API_GROUP, API_VERSION } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { NodeStorage } from '@berth/contract/resources/node-storage';
import type { VolumeRecovery } from '@berth/contract/resources/volume-recovery';
import type {
  CoreEvent,
  CSIStorageCapacity,
  EndpointSlice,
  Lease,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
  StatefulSet,
  StorageClass,
  SubjectAccessReview,
  TokenReview,
} from './types.ts';

/** Where a kind of object lives in the API; T is what an object of it looks like. */
export interface Resource<T> {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never present: ties T to the resource. */
  readonly object?: T;
}

const core = <T>(plural: string, kind: string, namespaced: boolean): Resource<T> => ({
  group: '',
  version: 'v1',
  plural,
  kind,
  namespaced,
});

const ours = <T>(plural: string, kind: string): Resource<T> => ({
  group: API_GROUP,
  version: API_VERSION,
  plural,
  kind,
  namespaced: false,
});

export const PODS = core<Pod>('pods', 'Pod', true);
export const NODES = core<Node>('nodes', 'Node', false);
export const CLAIMS = core<PersistentVolumeClaim>('persistentvolumeclaims', 'PersistentVolumeClaim', true);
export const VOLUMES = core<PersistentVolume>('persistentvolumes', 'PersistentVolume', false);
export const SECRETS = core<Secret>('secrets', 'Secret', true);
export const EVENTS = core<CoreEvent>('events', 'Event', true);
export const CLASSES: Resource<StorageClass> = {
  group: 'storage.k8s.io',
  version: 'v1',
  plural: 'storageclasses',
  kind: 'StorageClass',
  namespaced: false,
};
export const STATEFUL_SETS: Resource<StatefulSet> = {
  group: 'apps',
  version: 'v1',
  plural: 'statefulsets',
  kind: 'StatefulSet',
  namespaced: true,
};
export const CAPACITIES: Resource<CSIStorageCapacity> = {
  group: 'storage.k8s.io',
  version: 'v1',
  plural: 'csistoragecapacities',
  kind: 'CSIStorageCapacity',
  namespaced: true,
};
export const LEASES: Resource<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};
export const ENDPOINT_SLICES: Resource<EndpointSlice> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
};
export const TOKEN_REVIEWS: Resource<TokenReview> = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'tokenreviews',
  kind: 'TokenReview',
  namespaced: false,
};
export const SUBJECT_ACCESS_REVIEWS: Resource<SubjectAccessReview> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
  namespaced: false,
};
export const NODE_STORAGES = ours<NodeStorage>('nodestorages', 'NodeStorage');
export const VOLUME_RECOVERIES = ours<VolumeRecovery>('volumerecoveries', 'VolumeRecovery');
export const LOGICAL_VOLUMES = ours<LogicalVolume>('logicalvolumes', 'LogicalVolume');

export const apiVersionOf = (resource: Resource<unknown>): string =>
  resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;

/** Path of a collection, or of one object (and its subresource) below the API server's address. */
export const pathOf = (
  resource: Resource<unknown>,
  place: { readonly namespace?: string | undefined; readonly name?: string; readonly subresource?: string } = {},
): string => {
  const root = resource.group === '' ? '/api' : `/apis/${resource.group}`;
  const parts = [root, resource.version];
  if (resource.namespaced && place.namespace !== undefined)
    parts.push('namespaces', encodeURIComponent(place.namespace));
  parts.push(resource.plural);
  if (place.name !== undefined) parts.push(encodeURIComponent(place.name));
  if (place.subresource !== undefined) parts.push(place.subresource);
  return parts.join('/');
};
