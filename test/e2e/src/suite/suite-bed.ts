import { join } from 'node:path';
import type { Bed } from '@berth/bed/bed';
import { demoNodes } from '@berth/bed/demo-nodes';
import { readEnvironment } from '@berth/bed/environment';
import { openBed } from '@berth/bed/start-bed';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { bedContext } from '../bed-context.ts';
import type { BerthContext } from '../beside.ts';
import type { Stage } from '../demo/acts.ts';
import { waitUntil } from '../wait.ts';
import { takeNodes } from './node-queue.ts';

export const SUITE_BED = 'test';

/** The cluster that the global set-up started. */
export const openSuiteBed = (): Promise<Bed> =>
  openBed(
    bedContext(() => {}, new AbortController().signal),
    SUITE_BED,
  );

/** What Berth was brought into that cluster with. */
export const suiteContext = (bed: Bed): BerthContext => {
  const { paths, progress, signal } = bedContext(() => {}, new AbortController().signal);
  return { bed, repository: paths.repository, runDir: paths.run(SUITE_BED), progress, signal };
};

const LATE = 'the time for this run was over before it was its turn; run it alone: vitest run --project e2e FILE';

/** The nodes of that cluster. */
export const SUITE_NODES = demoNodes(3);

/**
 * Keeps the tests of this file alone on nodes, all by default: files that work on different nodes run at the same time. When the
 * run's time is over by the time the nodes are free, its tests are skipped and say so. Gives what opens a stage on those nodes: a
 * namespace of the test's own in the cluster.
 */
export const holdNodes = (
  nodes: readonly string[] = SUITE_NODES.map(({ name }) => name),
): ((namespace: string) => Promise<Stage>) => {
  const { paths, signal } = bedContext(() => {}, new AbortController().signal);
  let release: (() => Promise<void>) | undefined;
  let isLate = false;
  beforeAll(async () => {
    release = await takeNodes(join(paths.run(SUITE_BED), 'tests'), nodes, signal);
    isLate = Date.now() / 1000 > (readEnvironment().testsUntil ?? Number.POSITIVE_INFINITY);
  });
  beforeEach(({ skip }) => skip(isLate, LATE));
  afterAll(() => release?.());
  return async (namespace) => {
    const bed = await openSuiteBed();
    await bed.kubectl(['create', 'namespace', namespace]);
    return { bed, repository: paths.repository, namespace, nodes, signal };
  };
};

const PATIENCE_MS = 3 * 60_000;

/** `waitUntil` for the tests of a file, whose stage is opened later; three minutes unless told. */
export const waitingOn =
  (stage: () => Stage) =>
  (probe: () => Promise<'done' | string>, timeoutMs = PATIENCE_MS): Promise<void> =>
    waitUntil(probe, { timeoutMs, signal: stage().signal });
