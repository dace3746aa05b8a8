import { CONDITION_DEGRADED } from '@berth/contract/condition-types';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { LogicalVolumeOnDisk, LvmReport } from '../lvm/report.ts';

/** Why a volume with two copies can't do without one of them, for its object. */
export interface Degradation {
  readonly reason: string;
  readonly message: string;
}

/** Undefined for a volume with one copy, which is well or not, and for one whose two copies are well. The words are LVM's lv_health_status. */
export const degradationOf = (volume: LogicalVolumeOnDisk): Degradation | undefined => {
  const { isMirrored, isInSync, health } = volume;
  if (!isMirrored) return undefined;
  const path = `${volume.volumeGroup}/${volume.name}`;
  if (health === 'partial') {
    return {
      reason: 'CopyMissing',
      message: `one of its two copies is on a disk that is missing; the other is in use. Bring the disk back, or, when another disk of the group has room, run lvconvert --repair ${path} on the node`,
    };
  }
  if (health === 'refresh needed') {
    return {
      reason: 'CopyStale',
      message: `one of its two copies is not in use because its disk was away or failed; if the disk is well, run lvchange --refresh ${path} on the node`,
    };
  }
  if (isInSync) return undefined;
  return {
    reason: 'Synchronizing',
    message: 'its second copy is still being made; until that is done, the loss of the first disk loses the volume',
  };
};

/** Names of volumes whose objects say something else of their copies than LVM does. */
export const findMistold = (report: LvmReport, objects: readonly LogicalVolume[]): string[] => {
  const onDisk = new Map(report.groups.flatMap((group) => group.logicalVolumes).map((volume) => [volume.name, volume]));
  return objects
    .filter(({ metadata, spec, status }) => {
      const volume = onDisk.get(metadata.name);
      if (spec.layout !== 'raid1' || status?.phase !== 'Ready' || volume === undefined) return false;
      const told = status.conditions?.find(({ type }) => type === CONDITION_DEGRADED);
      return told?.message !== degradationOf(volume)?.message;
    })
    .map(({ metadata }) => metadata.name);
};
