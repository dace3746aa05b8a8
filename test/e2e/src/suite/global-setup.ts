import { deployBerth } from '../deploy-berth.ts';
import { setUpSuite } from '../set-up-suite.ts';
import { SUITE_BED, SUITE_NODES } from './suite-bed.ts';

/** One real cluster with Berth in it serves all tests. Vitest calls this once before them and the result once after them. */
export const setup = (): Promise<() => Promise<void>> =>
  setUpSuite({ name: SUITE_BED, nodes: SUITE_NODES }, deployBerth);
