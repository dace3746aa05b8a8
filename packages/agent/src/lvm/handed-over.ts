import type { VolumeGroup } from './report.ts';
import { OWNER_TAG } from './tags.ts';

/**
 * Why a volume group that an operator has handed over can't hold our volumes, as a sentence; undefined when it can. `uuid` is the one
 * by which the group is known, undefined for one that is seen for the first time.
 */
export const findHandedOverObstacle = (group: VolumeGroup, uuid: string | undefined): string | undefined => {
  const { name } = group;
  if (uuid !== undefined && group.uuid !== uuid) {
    return `the volume group ${name} has the UUID ${group.uuid} and had ${uuid} when it was handed over: it is another group; ask for ${uuid} in spec.forget if this one is meant`;
  }
  if (group.tags.includes(OWNER_TAG)) {
    return `the volume group ${name} carries the tag ${OWNER_TAG} of groups that Berth makes itself; run vgchange --deltag ${OWNER_TAG} ${name} to hand it over`;
  }
  if (group.exported) return `the volume group ${name} is exported; run vgimport ${name}`;
  if (group.shared) {
    return `the volume group ${name} is shared with other nodes (clustered, or with a lock type); volumes are made only in local groups`;
  }
  if (group.readOnly) return `the volume group ${name} is read-only; run vgchange --permission rw ${name}`;
  if (group.freeBytes === 0 && group.thinPools.length > 0 && !holdsOurs(group)) {
    return `all of the volume group ${name} is in the thin pool ${group.thinPools.join(', ')}; our volumes are thick and need free extents of the group itself`;
  }
  return undefined;
};

const holdsOurs = (group: VolumeGroup): boolean => group.logicalVolumes.some(({ tags }) => tags.includes(OWNER_TAG));
