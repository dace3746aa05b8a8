import { onTestFinished } from 'vitest';
import { type LostNodeOptions, openLostNodeCluster } from './lost-nodes.ts';

/** A cluster that ends with the running test. */
export const createLostNodeCluster = async (options: LostNodeOptions = {}) => {
  const cluster = await openLostNodeCluster(options);
  onTestFinished(cluster.stop);
  return cluster;
};
