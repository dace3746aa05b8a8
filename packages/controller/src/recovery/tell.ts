import type { EventRecorder } from '@berth/kube/event-recorder';
import type { Pod } from '@berth/kube/types';
import { setOf } from './members.ts';

/** Tells about a pod where people look: at the pod, and at its set, which outlives it. */
export const tellOfPod = (
  events: EventRecorder,
  pod: Pod,
  { reason, message }: { readonly reason: string; readonly message: string },
): void => {
  const event = { type: 'Warning', reason, message } as const;
  events.record({ apiVersion: 'v1', kind: 'Pod', metadata: pod.metadata }, event);
  const set = setOf(pod);
  if (set === undefined) return;
  const { apiVersion, kind, name, uid } = set;
  const namespace = pod.metadata?.namespace ?? '';
  events.record({ apiVersion, kind, metadata: { name, uid, namespace } }, event);
};
