import { createHash } from 'node:crypto';
import { AppError } from '@berth/contract/errors';
import { checkSize, MINIMUM_BYTES } from '@berth/contract/volume-request';
import { required } from '@berth/csi/validate';
import { formatFields, type VolumeRequest } from '../claim-request.ts';
import { kindFor } from './capabilities.ts';
import { parseCapacityRange, type SizeRange } from './capacity-range.ts';
import type { CreateVolumeRequest } from './messages.ts';
import { claimOf, parseParameters } from './parameters.ts';
import { type NodeWishes, parseTopology } from './topology.ts';

/** A call for a volume, checked. */
export interface CreationRequest {
  /** Name of the LogicalVolume, and the volume's id. */
  readonly volumeId: string;
  readonly claim: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly request: VolumeRequest;
  readonly range: SizeRange;
  readonly policy: 'spread' | 'concentrated';
  readonly nodes: NodeWishes;
}

/** What a volume has when the caller does not say, in bytes. */
const USUAL_BYTES = 1024 ** 3;

/** Throws InvalidArgument, or OutOfRange for sizes, with a sentence for the author of the class or the call. */
export const parseCreation = (message: CreateVolumeRequest): CreationRequest => {
  const name = checkName(message.name);
  if (message.volumeContentSource) throw invalid('volumes cannot be filled from a snapshot or another volume');
  if (Object.keys(message.mutableParameters).length > 0) throw invalid('mutable_parameters are not supported');
  // Without a capability no class parameter can make the call right.
  if (message.volumeCapabilities.length === 0) throw invalid('volume_capabilities is missing');
  const { medium, fsType: askedType, policy, wipePolicy, layout, mkfsOptions } = parseParameters(message.parameters);
  const { volumeMode, fsType } = kindFor(message.volumeCapabilities, askedType);
  const range = parseCapacityRange(message.capacityRange);
  const least = fsType === undefined ? 1 : MINIMUM_BYTES[fsType];
  const bytes = range.least || Math.min(Math.max(USUAL_BYTES, least), range.most);
  checkRange(bytes, fsType);
  return {
    volumeId: volumeIdFor(name),
    claim: { ...claimOf(message.parameters), uid: CLAIM_VOLUME.exec(name)?.[1] ?? '' },
    request: { medium, wipePolicy, layout, bytes, volumeMode, ...formatFields(fsType, mkfsOptions) },
    range,
    policy,
    nodes: parseTopology(message.accessibilityRequirements),
  };
};

/** The name that external-provisioner gives the volume of a claim, which ends with the claim's uid. */
const CLAIM_VOLUME = /^pvc-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Any name becomes one that is good for Kubernetes and LVM; the same name the same one. */
const volumeIdFor = (name: string): string =>
  CLAIM_VOLUME.test(name) ? name : `csi-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;

/** The specification's limit for names and ids, in bytes. */
const LONGEST_NAME = 128;

/** Control characters, which the specification lets us refuse, and all that looks like a path. */
const BAD_NAME = /[\p{Cc}/\\]|^\.{1,2}$/u;

const checkName = (name: string): string => {
  required(name, 'name');
  if (Buffer.byteLength(name) > LONGEST_NAME) throw invalid(`name is longer than ${LONGEST_NAME} bytes`);
  if (BAD_NAME.test(name)) throw invalid('name has control characters or looks like a path; use letters and digits');
  return name;
};

const checkRange = (bytes: number, fsType: VolumeRequest['fsType']): void => {
  try {
    checkSize(bytes, fsType);
  } catch (thrown) {
    throw new AppError('OutOfRange', (thrown as AppError).message, { cause: thrown });
  }
};

const invalid = (message: string): AppError => new AppError('InvalidArgument', message);
