import { REMOVE_NODE_ANNOTATION } from '@berth/contract/names';
import type { Node } from '@berth/kube/types';

/** What is wrong with a node, from the Node object alone. */
export type NodeTrouble =
  | { readonly kind: 'none' }
  /** There is no Node object. */
  | { readonly kind: 'deleted' }
  /** Somebody said by the taint node.kubernetes.io/out-of-service that it is shut down and its pods don't run. */
  | { readonly kind: 'out-of-service' }
  /** Somebody cordoned it and asked for its removal. */
  | { readonly kind: 'removal'; readonly isReady: boolean }
  /** Kubelet has been silent, or unwell, since this time (milliseconds since 1970). */
  | { readonly kind: 'not-ready'; readonly sinceMs: number };

const OUT_OF_SERVICE_TAINT = 'node.kubernetes.io/out-of-service';

/** A node that never said whether it is ready is new, not lost. */
export const troubleOf = (node: Node | undefined): NodeTrouble => {
  if (node === undefined) return { kind: 'deleted' };
  if (node.spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE_TAINT)) return { kind: 'out-of-service' };
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  if (node.spec?.unschedulable && node.metadata?.annotations?.[REMOVE_NODE_ANNOTATION] === 'true') {
    return { kind: 'removal', isReady: ready?.status === 'True' };
  }
  const sinceMs = Date.parse(ready?.lastTransitionTime ?? '');
  return ready === undefined || ready.status === 'True' || Number.isNaN(sinceMs)
    ? { kind: 'none' }
    : { kind: 'not-ready', sinceMs };
};

/** Whether nobody on the node can say that a pod has stopped. */
export const isSilent = (trouble: NodeTrouble): boolean =>
  trouble.kind === 'removal' ? !trouble.isReady : trouble.kind !== 'none';

/** The trouble as a part of a sentence. */
export const describeTrouble = (nodeName: string, trouble: NodeTrouble): string => {
  if (trouble.kind === 'deleted') return `node ${nodeName} was deleted`;
  if (trouble.kind === 'out-of-service') return `node ${nodeName} is marked as out of service`;
  if (trouble.kind === 'removal') return `node ${nodeName} is to be removed`;
  if (trouble.kind === 'none') return `node ${nodeName} is well`;
  return `node ${nodeName} has not been ready since ${new Date(trouble.sinceMs).toISOString()}`;
};
