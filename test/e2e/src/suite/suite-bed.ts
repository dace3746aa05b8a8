import type { Bed } from '@berth/bed/bed';
import { openBed } from '@berth/bed/start-bed';
import { bedContext } from '../bed-context.ts';
import type { BerthContext } from '../beside.ts';
import type { Stage } from '../demo/acts.ts';
import { waitUntil } from '../wait.ts';

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

/** A namespace of the test's own in that cluster. */
export const openStage = async (namespace: string): Promise<Stage> => {
  const bed = await openSuiteBed();
  await bed.kubectl(['create', 'namespace', namespace]);
  const { paths, signal } = bedContext(() => {}, new AbortController().signal);
  return { bed, repository: paths.repository, namespace, signal };
};

const PATIENCE_MS = 3 * 60_000;

/** `waitUntil` for the tests of a file, whose stage is opened later; three minutes unless told. */
export const waitingOn =
  (stage: () => Stage) =>
  (probe: () => Promise<'done' | string>, timeoutMs = PATIENCE_MS): Promise<void> =>
    waitUntil(probe, { timeoutMs, signal: stage().signal });
