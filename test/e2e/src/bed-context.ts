import type { BedContext } from '@berth/bed/bed-parts';
import { readEnvironment } from '@berth/bed/environment';
import { createPaths } from '@berth/bed/paths';
import { createPlainProgress } from '@berth/bed/progress';

/** What a bed of a test run works with; `write` gets a line for each step. */
export const bedContext = (write: (line: string) => void, signal: AbortSignal): BedContext => ({
  paths: createPaths(readEnvironment()),
  progress: createPlainProgress(write),
  signal,
});
