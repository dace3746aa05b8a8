import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { Pod } from '@berth/kube/types';
import type { Change } from '@berth/kube/watch-cache';
import type { ClaimLookup } from '@berth/placement/demands';
import type { HoldLedger } from '@berth/placement/hold-ledger';
import { KeyedSets } from '@berth/placement/keyed-sets';
import type { Caches } from './caches.ts';
import type { MemberIndex } from './member-index.ts';
import { applicationKey, applicationKeyOf, claimReferencesOf, podKeyOf } from './pod-facts.ts';
import { refreshHold } from './selected-holds.ts';

export interface FollowOptions {
  readonly caches: Caches;
  readonly lookup: ClaimLookup;
  readonly ledger: HoldLedger;
  readonly members: MemberIndex;
  /** Former members, by volumes that are given up and not removed yet. */
  readonly leftovers: MemberIndex;
}

/**
 * Keeps holds and members in step with the caches. What is said of an object is computed anew from the caches whenever
 * something it depends on changes, so that the order in which the collections arrive does not matter.
 */
export const follow = ({ caches, lookup, ledger, members, leftovers }: FollowOptions): void => {
  const { claims, classes, volumes, pods } = caches;
  const podsOfClaim = new KeyedSets<string>();
  /** Names; more than one when a claim was replaced by a new one of the same name. */
  const volumesOfClaim = new KeyedSets<string>();

  const userOf = (claimKey: string): Pod | undefined => {
    const [key] = podsOfClaim.get(claimKey);
    return key === undefined ? undefined : pods.get(key);
  };

  const refreshClaim = (key: string) => {
    const claim = claims.get(key);
    if (claim) refreshHold(key, claim, { lookup, volumes, ledger, user: userOf(key) });
  };

  /** It goes, or its claim was replaced, as when a member started again empty elsewhere. */
  const isGivenUp = ({ metadata, spec }: LogicalVolume): boolean => {
    const claimUid = claims.get(claimKeyOf(spec))?.metadata?.uid;
    return metadata.deletionTimestamp !== undefined || (claimUid !== undefined && claimUid !== spec.claim.uid);
  };

  const refreshMemberOf = (volume: LogicalVolume) => {
    const { application, claim, nodeName } = volume.spec;
    const claimKey = claimKeyOf(volume.spec);
    const user = userOf(claimKey);
    const member = { member: user ? podKeyOf(user) : `claim ${claimKey}`, node: nodeName };
    const said = application && { application: applicationKey(claim.namespace, application), member };
    const givenUp = isGivenUp(volume);
    members.put(sourceOf(volume), givenUp ? undefined : said);
    leftovers.put(sourceOf(volume), givenUp ? said : undefined);
  };

  const refreshUser = (claimKey: string) => {
    refreshClaim(claimKey);
    for (const name of volumesOfClaim.get(claimKey)) {
      const volume = volumes.get(name);
      if (volume) refreshMemberOf(volume);
    }
  };

  claims.onChange(({ key, before, after }) => {
    const uid = before?.metadata?.uid;
    if (uid !== undefined && uid !== after?.metadata?.uid) ledger.release(uid);
    if (after) refreshUser(key);
  });

  volumes.onChange(({ key, before, after }) => {
    if (before) volumesOfClaim.remove(claimKeyOf(before.spec), key);
    if (after) {
      volumesOfClaim.add(claimKeyOf(after.spec), key);
      refreshMemberOf(after);
    } else if (before) for (const index of [members, leftovers]) index.put(sourceOf(before), undefined);
    const volume = after ?? before;
    if (volume) refreshClaim(claimKeyOf(volume.spec));
  });

  classes.onChange(({ key }) => {
    for (const { metadata, spec } of claims.list()) {
      if (spec?.storageClassName === key) refreshClaim(`${metadata?.namespace}/${metadata?.name}`);
    }
  });

  pods.onChange((change) => {
    if (isSameToUs(change)) return;
    const { key, before, after } = change;
    for (const claimKey of claimKeysOf(before)) podsOfClaim.remove(claimKey, key);
    for (const claimKey of claimKeysOf(after)) podsOfClaim.add(claimKey, key);
    const uid = before?.metadata?.uid;
    if (uid !== undefined && uid !== after?.metadata?.uid) ledger.releasePod(uid);
    members.put(`pod ${key}`, after && runningMember(key, after));
    for (const claimKey of new Set([...claimKeysOf(before), ...claimKeysOf(after)])) refreshUser(claimKey);
  });
};

const claimKeyOf = ({ claim }: LogicalVolume['spec']): string => `${claim.namespace}/${claim.name}`;

const sourceOf = (volume: LogicalVolume): string => `volume ${volume.metadata.name}`;

const claimKeysOf = (pod: Pod | undefined): string[] =>
  pod ? claimReferencesOf(pod).map((reference) => reference.claimKey) : [];

const runningMember = (key: string, pod: Pod) => {
  const application = applicationKeyOf(pod);
  const node = pod.spec?.nodeName;
  if (application === undefined || !node || !isRunning(pod)) return undefined;
  return { application, member: { member: key, node } };
};

/** Pods change often, mostly in their status; only these parts matter here. A pod's volumes never change. */
const isSameToUs = ({ before, after }: Change<Pod>): boolean =>
  before !== undefined &&
  after !== undefined &&
  before.metadata?.uid === after.metadata?.uid &&
  before.spec?.nodeName === after.spec?.nodeName &&
  isRunning(before) === isRunning(after) &&
  applicationKeyOf(before) === applicationKeyOf(after);

const isRunning = (pod: Pod): boolean => pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed';
