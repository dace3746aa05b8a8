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
    caches.recoveries.onChange(({ key, after }) => {
      if (after !== undefined) queues.execute(key);
    }),
  ];
  return () => {
    for (const disconnect of connections) disconnect();
  };
};

/** Queues every node that has volumes, and every record: at the start, and now and then. */
export const queueAllRecovery = (caches: Caches, queues: RecoveryQueues): void => {
  for (const nodeName of new Set(caches.logicalVolumes.list().map(({ spec }) => spec.nodeName)))
    queues.decide(nodeName);
  for (const { metadata } of caches.recoveries.list()) queues.execute(metadata.name);
};
