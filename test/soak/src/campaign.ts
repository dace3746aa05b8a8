import type { BedContext } from '@berth/bed/bed-parts';

interface CampaignOptions {
  /** Where the random choices begin; the same again after the same changes nothing. */
  readonly seed: number;
  /** Of a failure that was shrunk: only that one is tried. */
  readonly path: string | undefined;
  readonly minutes: number;
  readonly bed: BedContext;
  /** Prints a line of progress. */
  readonly say: (line: string) => void;
}

interface CampaignResult {
  /** What was done, for the summary, such as `120 runs`. */
  readonly done: string;
  /** What was wrong and how to see it again; undefined when nothing was. */
  readonly failure: string | undefined;
}

export type Campaign = (options: CampaignOptions) => Promise<CampaignResult>;
