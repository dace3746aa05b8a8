import type { Medium } from '@berth/contract/medium';

/** Free and whole bytes of each medium of a node, and what a pod asks of it. */
interface Offer {
  readonly free: Readonly<Record<Medium, number>>;
  readonly size: Readonly<Record<Medium, number>>;
  readonly asked: Readonly<Partial<Record<Medium, number>>>;
}

/** How well a node suits; the highest is taken, and among equals any. */
export type Scoring = (offer: Offer) => number;

const GiB = 1024 ** 3;

/**
 * TopoLVM, from its documentation: the binary logarithm of the free GiB, cut to an integer 1..10, of the class where it
 * is smallest. Free now, not after placement.
 */
export const topolvmScore: Scoring = ({ free, asked }) =>
  Math.min(
    ...mediaOf(asked).map((medium) => {
      const gib = Math.floor(free[medium] / GiB);
      return gib === 0 ? Math.min(1, free[medium]) : Math.min(10, Math.max(1, Math.trunc(Math.log2(gib))));
    }),
  );

/** Carina's `binpack`, from its documentation: the mean over the groups of what is asked as a share of what is free, times 10. */
export const carinaScore: Scoring = ({ free, asked }) => {
  const media = mediaOf(asked);
  const sum = media.reduce((all, medium) => all + (asked[medium] ?? 0) / free[medium], 0);
  return Math.floor((10 * sum) / media.length);
};

const mediaOf = (asked: Offer['asked']): Medium[] => Object.keys(asked) as Medium[];
