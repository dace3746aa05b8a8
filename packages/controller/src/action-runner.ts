import { hasCode } from '@berth/contract/errors';
import {
  API_GROUP,
  API_VERSION,
  LOGICAL_VOLUME_FINALIZER,
  PERSISTENT_VOLUME_FINALIZER,
  PRE_RESIZE_CAPACITY_ANNOTATION,
  SELECTED_NODE_ANNOTATION,
} from '@berth/contract/names';
import type { KubeClient, Preconditions } from '@berth/kube/client';
import type { EventRecorder } from '@berth/kube/event-recorder';
import { CLAIMS, LOGICAL_VOLUMES, VOLUMES } from '@berth/kube/resources';
import type { Logger } from '@berth/runtime/logger';
import type { Metrics } from '@berth/runtime/metrics';
import type { Action, EventSubject, Plan } from './action.ts';

export interface ActionRunnerOptions {
  readonly client: KubeClient;
  readonly events: EventRecorder;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/**
 * Carries out a plan, action by action, and stops at the first that fails. Everything but creating is conditional on
 * the object being exactly the one the plan was made from; Aborted says that it is not, and that a new plan is needed.
 * It also stops, without an error, when what it would create is there already: an earlier run has told about it.
 */
export type RunPlan = (plan: Plan, signal: AbortSignal) => Promise<void>;

export const createActionRunner = ({ client, events, metrics, logger }: ActionRunnerOptions): RunPlan => {
  const done = metrics.counter('berth_controller_actions_total', 'Actions carried out, by kind.', ['action']);
  return async (plan, signal) => {
    for (const action of plan.actions) {
      if (action.kind === 'event') events.record(eventTarget(action.about), action);
      else {
        if (!(await perform(client, action, signal))) return;
        logger.info({ action: action.kind, object: nameOf(action) }, 'action done');
      }
      done.inc({ action: action.kind });
    }
  };
};

type Change = Exclude<Action, { kind: 'event' }>;

/** False when there was nothing to create any more. */
const perform = async (client: KubeClient, action: Change, signal: AbortSignal): Promise<boolean> => {
  if (action.kind === 'createLogicalVolume') {
    return unlessPresent(client.create(LOGICAL_VOLUMES, action.logicalVolume, signal));
  }
  if (action.kind === 'createPersistentVolume') {
    return unlessPresent(client.create(VOLUMES, action.persistentVolume, signal));
  }
  await change(client, action, signal);
  return true;
};

type Edit = Exclude<Change, { kind: 'createLogicalVolume' | 'createPersistentVolume' }>;

const change = async (client: KubeClient, action: Edit, signal: AbortSignal): Promise<void> => {
  switch (action.kind) {
    case 'deleteLogicalVolume':
      return client.delete(LOGICAL_VOLUMES, refOf(action.logicalVolume), preconditions(action.logicalVolume), signal);
    case 'deletePersistentVolume':
      return client.delete(VOLUMES, refOf(action.persistentVolume), preconditions(action.persistentVolume), signal);
    case 'clearSelectedNode': {
      const patch = { metadata: { ...version(action.claim), annotations: { [SELECTED_NODE_ANNOTATION]: null } } };
      return unlessGone(client.mergePatch(CLAIMS, refOf(action.claim), patch, {}, signal));
    }
    case 'markLogicalVolume': {
      const { logicalVolume, mark, time } = action;
      const patch = { metadata: { ...version(logicalVolume), annotations: { [mark]: time ?? null } } };
      return unlessGone(client.mergePatch(LOGICAL_VOLUMES, refOf(logicalVolume), patch, {}, signal));
    }
    case 'setLogicalVolumeConditions': {
      const { logicalVolume, conditions } = action;
      const patch = { metadata: version(logicalVolume), status: { conditions } };
      const options = { subresource: 'status' } as const;
      return unlessGone(client.mergePatch(LOGICAL_VOLUMES, refOf(logicalVolume), patch, options, signal));
    }
    case 'resizeLogicalVolume': {
      const { logicalVolume, size } = action;
      const patch = { metadata: version(logicalVolume), spec: { size } };
      return unlessGone(client.mergePatch(LOGICAL_VOLUMES, refOf(logicalVolume), patch, {}, signal));
    }
    case 'resizePersistentVolume': {
      const { persistentVolume, size, sizeBefore } = action;
      const annotations = { [PRE_RESIZE_CAPACITY_ANNOTATION]: sizeBefore ?? null };
      const metadata = { ...version(persistentVolume), annotations };
      const patch = { metadata, spec: { capacity: { storage: size } } };
      return unlessGone(client.mergePatch(VOLUMES, refOf(persistentVolume), patch, {}, signal));
    }
    case 'patchClaimStatus': {
      const patch = { metadata: version(action.claim), status: action.status };
      return unlessGone(client.mergePatch(CLAIMS, refOf(action.claim), patch, { subresource: 'status' }, signal));
    }
    case 'releaseLogicalVolume': {
      const patch = { metadata: without(action.logicalVolume, LOGICAL_VOLUME_FINALIZER) };
      return unlessGone(client.mergePatch(LOGICAL_VOLUMES, refOf(action.logicalVolume), patch, {}, signal));
    }
    case 'releasePersistentVolume': {
      const patch = { metadata: without(action.persistentVolume, PERSISTENT_VOLUME_FINALIZER) };
      return unlessGone(client.mergePatch(VOLUMES, refOf(action.persistentVolume), patch, {}, signal));
    }
  }
};

/** The part of an object's metadata that says which object, and which version of it. */
interface Identified {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly finalizers?: string[];
  };
}

const refOf = ({ metadata }: Identified) => ({
  name: metadata?.name ?? '',
  ...(metadata?.namespace !== undefined && { namespace: metadata.namespace }),
});

const version = ({ metadata }: Identified) => ({
  ...(metadata?.resourceVersion !== undefined && { resourceVersion: metadata.resourceVersion }),
});

const preconditions = (object: Identified): Preconditions => ({
  ...version(object),
  ...(object.metadata?.uid !== undefined && { uid: object.metadata.uid }),
});

const without = (object: Identified, finalizer: string) => ({
  ...version(object),
  finalizers: (object.metadata?.finalizers ?? []).filter((present) => present !== finalizer),
});

const nameOf = (action: Change): string => {
  if ('logicalVolume' in action) return action.logicalVolume.metadata.name;
  const object = 'claim' in action ? action.claim : action.persistentVolume;
  return [object.metadata?.namespace, object.metadata?.name].filter(Boolean).join('/');
};

/** Names are derived from uids, so what exists under the name is what would have been made. */
const unlessPresent = (created: Promise<unknown>): Promise<boolean> => ignoring(created, 'AlreadyExists');

const unlessGone = async (patched: Promise<unknown>): Promise<void> => {
  await ignoring(patched, 'NotFound');
};

/** Whether the work was done rather than answered with the code. */
const ignoring = async (work: Promise<unknown>, code: 'AlreadyExists' | 'NotFound'): Promise<boolean> => {
  try {
    await work;
    return true;
  } catch (error) {
    if (hasCode(error, code)) return false;
    throw error;
  }
};

const eventTarget = ({ kind, object }: EventSubject) => ({
  kind,
  apiVersion: kind === 'LogicalVolume' ? `${API_GROUP}/${API_VERSION}` : 'v1',
  metadata: object.metadata,
});
