import type { AppError } from '@berth/contract/errors';
import type { Resource } from './resources.ts';

export interface Ref {
  readonly name: string;
  /** Needed for namespaced resources. */
  readonly namespace?: string;
}

export interface Selector {
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

export interface ListOptions<T> extends Selector {
  /**
   * Only what is in this namespace. Not to be said by a field selector: of `metadata.namespace=X` the API server gives one page
   * and then none (Kubernetes 1.36.3), because where to go on from is not told with the namespace.
   */
  readonly namespace?: string;
  /**
   * What to keep of each object: called as each page arrives, so that a large collection is never whole in memory. Of
   * the metadata, name, namespace, uid and resourceVersion must stay.
   */
  readonly keep?: ((object: T) => T) | undefined;
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface Deletion extends Preconditions {
  /** 0 takes a pod away without waiting for its node to say that it has stopped. */
  readonly gracePeriodSeconds?: number;
}

/**
 * The API server, as much of it as we use. Every call may be repeated.
 * Errors are AppErrors: {@link AppError.code} NotFound, AlreadyExists, Aborted (conflict or failed precondition),
 * InvalidArgument (refused by validation), FailedPrecondition (forbidden), Unavailable (no answer, overload), Timeout.
 */
export interface KubeClient {
  /** Undefined when there is none. */
  get<T>(resource: Resource<T>, ref: Ref, signal?: AbortSignal): Promise<T | undefined>;
  /** The whole collection, over all namespaces unless one is named, fetched page by page. */
  list<T>(
    resource: Resource<T>,
    options?: ListOptions<T>,
    signal?: AbortSignal,
  ): Promise<{ items: T[]; resourceVersion: string }>;
  create<T>(resource: Resource<T>, object: T, signal?: AbortSignal): Promise<T>;
  /** JSON merge patch; a uid or resourceVersion in the patch's metadata makes it conditional. */
  mergePatch<T>(
    resource: Resource<T>,
    ref: Ref,
    patch: object,
    options?: { readonly subresource?: 'status' },
    signal?: AbortSignal,
  ): Promise<T>;
  /** Server-side apply, taking over fields that others own. */
  apply<T>(
    resource: Resource<T>,
    object: T,
    options: { readonly fieldManager: string; readonly subresource?: 'status' },
    signal?: AbortSignal,
  ): Promise<T>;
  /** Fine when the object is already gone. */
  delete(resource: Resource<unknown>, ref: Ref, how?: Deletion, signal?: AbortSignal): Promise<void>;
  /** Ends when the server closes it; throws Aborted with details.expired when the resource version is too old. */
  watch<T>(
    resource: Resource<T>,
    options: Selector & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
}
