import { LINEAR } from '@berth/contract/layout';
import { MEDIA } from '@berth/contract/medium';
import { MINIMUM_BYTES } from '@berth/contract/volume-request';
import type { NodeState } from '@berth/placement/model';
import { roomFor } from '../capacity/capacity-object.ts';
import { kindFor } from './capabilities.ts';
import type { GetCapacityRequest } from './messages.ts';
import { parseOptionalParameters } from './parameters.ts';
import { nodeOf } from './topology.ts';

export interface FreeCapacity {
  /** Bytes. */
  readonly availableCapacity: number;
  readonly maximumVolumeSize: { readonly value: number };
  readonly minimumVolumeSize: { readonly value: number };
}

/** The room for new volumes on the nodes in question: all of it, and the largest and smallest volume. Pure. */
export const freeCapacity = (states: readonly NodeState[], request: GetCapacityRequest): FreeCapacity => {
  const { parameters, volumeCapabilities, accessibleTopology } = request;
  const known = parseOptionalParameters(parameters);
  const kind = volumeCapabilities.length === 0 ? { fsType: known?.fsType } : kindFor(volumeCapabilities, known?.fsType);
  const node = accessibleTopology === null ? undefined : nodeOf(accessibleTopology);
  const kinds = known === undefined ? MEDIA.map((medium) => ({ medium, layout: LINEAR })) : [known];
  const rooms = states
    .filter(({ name }) => node === undefined || name === node)
    .flatMap((state) => kinds.map((each) => roomFor(each, state) ?? 0));
  return {
    availableCapacity: rooms.reduce((sum, bytes) => sum + bytes, 0),
    maximumVolumeSize: { value: rooms.reduce((most, bytes) => Math.max(most, bytes), 0) },
    minimumVolumeSize: { value: kind.fsType === undefined ? 1 : MINIMUM_BYTES[kind.fsType] },
  };
};
