import { volumeName } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { PersistentVolumeClaim, Pod } from '@berth/kube/types';
import type { WatchCache } from '@berth/kube/watch-cache';
import type { ClaimLookup } from '@berth/placement/demands';
import { demandsOfPod } from '@berth/placement/demands';
import type { HoldLedger } from '@berth/placement/hold-ledger';
import { isUsable, selectedNodeOf } from './claim-facts.ts';
import { applicationKeyOf, podKeyOf } from './pod-facts.ts';

export interface HoldContext {
  readonly lookup: ClaimLookup;
  readonly volumes: WatchCache<LogicalVolume>;
  readonly ledger: HoldLedger;
  /** A pod that uses the claim. */
  readonly user: Pod | undefined;
}

/**
 * Brings the ledger in step with one claim: a claim that names its node and has no volume yet holds room there, which
 * is also how holds come back after a restart. Computed from the state, not from what changed: may be repeated.
 */
export const refreshHold = (key: string, claim: PersistentVolumeClaim, context: HoldContext): void => {
  const { lookup, volumes, ledger, user } = context;
  const uid = claim.metadata?.uid ?? '';
  const volume = volumes.get(volumeName(uid));
  if (claim.spec?.volumeName || claim.metadata?.deletionTimestamp || (volume && isUsable(volume))) {
    ledger.release(uid);
    return;
  }
  const node = selectedNodeOf(claim);
  const asked = demandsOfPod([{ claimKey: key }], lookup);
  const demand = asked.kind === 'place' ? asked.demands[0] : undefined;
  // A volume that failed still counts where it is, so that what was selected must not count beside it.
  if (volume || node === undefined || demand === undefined) {
    ledger.unselect(uid);
    return;
  }
  const predicted = ledger.get(uid);
  const { claimKey, claimUid, medium, bytes, layout } = demand;
  ledger.select({
    claimKey,
    claimUid,
    medium,
    bytes,
    layout,
    node,
    podUid: user?.metadata?.uid ?? predicted?.podUid,
    application: user ? applicationKeyOf(user) : predicted?.application,
    member: user ? podKeyOf(user) : (predicted?.member ?? `claim ${key}`),
  });
};
