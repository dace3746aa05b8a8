import { TOPOLOGY_KEY } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { attributesOf, sizeOf } from '../persistent-volume.ts';
import type { Volume } from './messages.ts';

/** A logical volume as callers are told of it. */
export const toVolume = (volume: LogicalVolume): Volume => ({
  volumeId: volume.metadata.name,
  capacityBytes: sizeOf(volume),
  volumeContext: attributesOf(volume),
  accessibleTopology: [{ segments: { [TOPOLOGY_KEY]: volume.spec.nodeName } }],
});
