import { TOPOLOGY_KEY } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { ATTRIBUTE_MEDIUM, sizeOf } from '../persistent-volume.ts';
import type { Volume } from './messages.ts';

/** A logical volume as callers are told of it. */
export const toVolume = (volume: LogicalVolume): Volume => ({
  volumeId: volume.metadata.name,
  capacityBytes: sizeOf(volume),
  volumeContext: { [ATTRIBUTE_MEDIUM]: volume.spec.medium },
  accessibleTopology: [{ segments: { [TOPOLOGY_KEY]: volume.spec.nodeName } }],
});
