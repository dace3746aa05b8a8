import { AppError, toAppError } from '@berth/contract/errors';
import { parseMkfsOptions } from '@berth/contract/mkfs-options';
import { type ClassParameters, checkSize } from '@berth/contract/volume-request';
import type { Demand, Pin } from './model.ts';

/** A volume of a pod that refers to a claim. */
export interface ClaimReference {
  /** `namespace/name`. */
  readonly claimKey: string;
  /** For a generic ephemeral volume: the pod that has to own the claim. */
  readonly ownerUid?: string;
}

/** What is known of a claim. */
export interface ClaimFacts {
  readonly uid: string;
  readonly deleting: boolean;
  /** Empty or undefined: the claim waits for a volume made by hand. */
  readonly className: string | undefined;
  /** Size asked for in bytes, or the sentence why it can't be read. */
  readonly size: number | string;
  readonly block: boolean;
  /** `spec.volumeName` is set. The phase says nothing: it is empty for a moment after creation. */
  readonly bound: boolean;
  readonly ownerUids: readonly string[];
  /** Where the claim's LogicalVolume is, when there is one that is neither failed nor on its way out. */
  readonly volumeNode: string | undefined;
}

/** What is known of a StorageClass: of somebody else's, of ours, or of ours and wrong. */
export type ClassFacts =
  | { readonly kind: 'foreign' }
  | { readonly kind: 'ours'; readonly parameters: ClassParameters }
  | { readonly kind: 'invalid'; readonly reason: string };

export interface ClaimLookup {
  claim(key: string): ClaimFacts | undefined;
  storageClass(name: string): ClassFacts | undefined;
}

/**
 * What a pod asks of our disks:
 * - `nothing`: no claim of ours waits for a volume; the pod goes wherever others let it go;
 * - `retry`: something it refers to is not known here yet, so nothing can be said;
 * - `refused`: it can never be placed as it is written;
 * - `place`: new volumes to find room for together, and volumes that already tie the pod to a node.
 */
export type PodDemands =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'retry'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'place'; readonly demands: readonly Demand[]; readonly pins: readonly Pin[] };

type ClaimAnswer =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'retry' | 'refused'; readonly reason: string }
  | { readonly kind: 'bound' | 'pinned'; readonly pin: Pin }
  | { readonly kind: 'demand'; readonly demand: Demand };

/** Judges all claims of a pod together. A claim that the pod refers to twice counts once. */
export const demandsOfPod = (references: readonly ClaimReference[], lookup: ClaimLookup): PodDemands => {
  const byKey = new Map(references.map((reference) => [reference.claimKey, reference]));
  const answers = [...byKey.values()].map((reference) => answerFor(reference, lookup));
  const stop = answers.find((answer) => answer.kind === 'refused') ?? answers.find((answer) => answer.kind === 'retry');
  if (stop && 'reason' in stop) return { kind: stop.kind, reason: stop.reason };
  // A pod whose volumes are all bound is tied to its node by their node affinity, in the scheduler itself.
  if (answers.every((answer) => answer.kind === 'nothing' || answer.kind === 'bound')) return { kind: 'nothing' };
  return {
    kind: 'place',
    demands: answers.flatMap((answer) => (answer.kind === 'demand' ? [answer.demand] : [])),
    pins: answers.flatMap((answer) => ('pin' in answer ? [answer.pin] : [])),
  };
};

const answerFor = ({ claimKey, ownerUid }: ClaimReference, lookup: ClaimLookup): ClaimAnswer => {
  const claim = lookup.claim(claimKey);
  if (claim === undefined) return { kind: 'retry', reason: `claim ${claimKey} is not known here yet` };
  if (claim.bound) {
    return claim.volumeNode === undefined
      ? { kind: 'nothing' }
      : { kind: 'bound', pin: { claimKey, node: claim.volumeNode } };
  }
  if (!claim.className) return { kind: 'nothing' };
  const storageClass = lookup.storageClass(claim.className);
  if (storageClass === undefined) {
    return { kind: 'retry', reason: `StorageClass ${claim.className} of claim ${claimKey} is not known here yet` };
  }
  if (storageClass.kind === 'foreign') return { kind: 'nothing' };
  if (ownerUid !== undefined && !claim.ownerUids.includes(ownerUid)) {
    return { kind: 'refused', reason: `claim ${claimKey} was not made for this pod; delete it or rename the volume` };
  }
  if (claim.deleting) return { kind: 'retry', reason: `claim ${claimKey} is being deleted` };
  if (claim.volumeNode !== undefined) return { kind: 'pinned', pin: { claimKey, node: claim.volumeNode } };
  if (storageClass.kind === 'invalid') {
    return { kind: 'refused', reason: `StorageClass ${claim.className}: ${storageClass.reason}` };
  }
  return demandFor(claimKey, claim, storageClass.parameters);
};

const demandFor = (claimKey: string, claim: ClaimFacts, parameters: ClassParameters): ClaimAnswer => {
  try {
    if (typeof claim.size === 'string') throw new AppError('InvalidArgument', claim.size);
    const fsType = claim.block ? undefined : parameters.fsType;
    checkSize(claim.size, fsType);
    if (fsType !== undefined) parseMkfsOptions(fsType, parameters.mkfsOptions);
  } catch (thrown) {
    return { kind: 'refused', reason: `claim ${claimKey}: ${toAppError(thrown).message}` };
  }
  const { medium, layout, policy, rackSpread } = parameters;
  return {
    kind: 'demand',
    demand: { claimKey, claimUid: claim.uid, medium, bytes: claim.size, layout, policy, rackSpread },
  };
};
