import type { PersistentVolumeClaim } from '@berth/kube/types';
import type { WatchCache } from '@berth/kube/watch-cache';

const MOST_REMEMBERED = 10_000;

/**
 * UIDs of claims that were seen to go without ever having had a volume: whatever was made for them holds no data and
 * may go at once. A claim that merely can't be found proves nothing: it may not be restored from a backup yet.
 * Kept in memory only; what is forgotten is found as an orphan. Register before the cache starts.
 */
export const rememberVanishedClaims = (claims: WatchCache<PersistentVolumeClaim>): ReadonlySet<string> => {
  const uids = new Set<string>();
  claims.onChange(({ before, after }) => {
    const uid = before?.metadata?.uid;
    if (uid === undefined || after !== undefined || before?.spec?.volumeName) return;
    uids.add(uid);
    const [oldest] = uids;
    if (uids.size > MOST_REMEMBERED && oldest !== undefined) uids.delete(oldest);
  });
  return uids;
};
