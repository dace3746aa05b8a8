import { footprintOf, layoutOf } from '@berth/contract/layout';
import type { Medium } from '@berth/contract/medium';
import { parseQuantity } from '@berth/contract/quantity';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { VolumeGroup } from '../lvm/report.ts';

/**
 * Bytes in whole extents, with copies, that volumes of a medium will take of their group although they are not on disk yet. A volume that grows
 * leaves them: placement has given them away already.
 */
export const promisedBytes = (objects: readonly LogicalVolume[], medium: Medium, group: VolumeGroup): number => {
  const onDisk = new Set(group.logicalVolumes.map(({ name }) => name));
  return objects
    .filter((object) => object.spec.medium === medium && isStillToBeMade(object) && !onDisk.has(object.metadata.name))
    .reduce(
      (sum, { spec }) => sum + footprintOf(layoutOf(spec), parseQuantity(spec.size), group.extentBytes).takenBytes,
      0,
    );
};

const isStillToBeMade = ({ status, metadata }: LogicalVolume): boolean =>
  metadata.deletionTimestamp === undefined && (status?.phase === undefined || status.phase === 'Pending');
