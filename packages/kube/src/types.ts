/** Kubernetes' own objects as they are on the wire: times are RFC 3339 text, not Date. */
export type { StatefulSet } from 'kubernetes-types/apps/v1.js';
export type { TokenReview } from 'kubernetes-types/authentication/v1.js';
export type { SubjectAccessReview } from 'kubernetes-types/authorization/v1.js';
export type { Lease } from 'kubernetes-types/coordination/v1.js';
export type {
  Event as CoreEvent,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
} from 'kubernetes-types/core/v1.js';
export type { EndpointSlice } from 'kubernetes-types/discovery/v1.js';
export type { CSIStorageCapacity, StorageClass } from 'kubernetes-types/storage/v1.js';
