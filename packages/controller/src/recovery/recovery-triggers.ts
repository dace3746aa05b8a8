import type { Caches } from '../caches.ts';
import { troubleOf } from './node-trouble.ts';

export interface RecoveryQueues {
  /** By node name. */
  decide(nodeName: string): void;
  /** By the record's name. */
  execute(recovery: string): void;
}

/** Queues nodes that get into trouble or out of it, and records, from now on. Returns the way to stop. */
export const connectRecoveryTriggers = (caches: Caches, queues: RecoveryQueues): (() => void) => {
  const connections = [
    caches.nodes.onChange(({ key, before, after }) => {
      if (before === undefined || troubleOf(before).kind !== troubleOf(after).kind) queues.decide(key);
    }),
    caches.logicalVolumes.onChange(({ before, after }) => {
      if (before && !after && isToBeRemoved(before.spec.nodeName, caches)) queues.decide(before.spec.nodeName);
    }),
    caches.recoveries.onChange(({ key, after }) => {
      if (after !== undefined) queues.execute(key);
    }),
  ];
  return () => {
    for (const disconnect of connections) disconnect();
  };
};

/** Queues every node that has volumes or is to be removed, and every record: at the start, and now and then. */
export const queueAllRecovery = (caches: Caches, queues: RecoveryQueues): void => {
  const nodeNames = new Set(caches.logicalVolumes.list().map(({ spec }) => spec.nodeName));
  for (const node of caches.nodes.list()) {
    if (troubleOf(node).kind === 'removal') nodeNames.add(node.metadata?.name ?? '');
  }
  for (const nodeName of nodeNames) queues.decide(nodeName);
  for (const { metadata } of caches.recoveries.list()) queues.execute(metadata.name);
};

const isToBeRemoved = (nodeName: string, { nodes }: Caches): boolean => {
  const node = nodes.get(nodeName);
  return node !== undefined && troubleOf(node).kind === 'removal';
};
