import { AppError } from '@berth/contract/errors';
import { describeLayout, type Footprint, type Layout } from '@berth/contract/layout';
import { formatBytes } from '@berth/contract/quantity';
import type { LogicalVolumeOnDisk, PhysicalVolume, VolumeGroup } from './report.ts';

/**
 * Options of lvcreate for a layout.
 *
 * raid1 is made without --nosync: LVM then copies the first half to the second in the background, although neither holds
 * anything yet. It costs I/O, and the volume is not protected before it is done. But with --nosync the halves keep what earlier volumes
 * left there, and a block that nobody has written reads now as one, now as the other. What decides about formatting relies on
 * reading blank, and being read alike twice: a signature on one half only could appear behind mkfs. It also would make
 * LVM's own check of the halves (lvchange --syncaction check) useless.
 */
export const layoutArgs = (layout: Layout): readonly string[] => {
  if (layout.type === 'linear') return [];
  if (layout.type === 'striped') return ['--type', 'striped', '--stripes', String(layout.stripes)];
  return ['--type', 'raid1', '--mirrors', '1', ...STAY_ON_DISKS];
};

/** Options of lvextend for a layout; the number of stripes and copies stays by itself. */
export const growthArgs = (layout: Layout): readonly string[] => (layout.type === 'raid1' ? STAY_ON_DISKS : []);

/**
 * Each copy stays on the disk it is on. LVM's usual policy puts the end of one copy beside the beginning of the other when
 * its own disk is full (seen with LVM 2.03.16), and the loss of that disk then loses both.
 */
const STAY_ON_DISKS = ['--alloc', 'cling'];

/**
 * The disks that a new volume is to lie on, those with the most free; none when it does not matter. Throws OutOfCapacity with
 * the numbers when there are too few with room.
 */
export const chooseDisks = (group: VolumeGroup, layout: Layout, { disks, diskBytes }: Footprint): PhysicalVolume[] => {
  if (disks === 1) return [];
  const roomy = group.physicalVolumes
    .filter(({ freeBytes }) => freeBytes >= diskBytes)
    .sort((one, other) => other.freeBytes - one.freeBytes);
  if (roomy.length >= disks) return roomy.slice(0, disks);
  throw new AppError('OutOfCapacity', `${group.name} ${lack(group, layout, { disks, diskBytes })}`);
};

/** Throws OutOfCapacity with the numbers when the disks have no room for a volume to grow by so much. */
export const checkGrowth = (
  group: VolumeGroup,
  { volume, layout, growth }: { volume: LogicalVolumeOnDisk; layout: Layout; growth: Footprint },
): void => {
  const { disks, diskBytes } = growth;
  if (layout.type === 'striped') {
    if (group.physicalVolumes.filter(({ freeBytes }) => freeBytes >= diskBytes).length >= disks) return;
    throw new AppError('OutOfCapacity', `${volume.name} can't grow: ${group.name} ${lack(group, layout, growth)}`);
  }
  if (layout.type !== 'raid1') return;
  const full = group.physicalVolumes.find(
    ({ uuid, freeBytes }) => freeBytes < diskBytes && volume.disks.some((disk) => disk.uuid === uuid),
  );
  if (full === undefined) return;
  throw new AppError(
    'OutOfCapacity',
    `${volume.name} can't grow: each copy stays on its disk and needs ${formatBytes(diskBytes)} more there, ${full.path} has ${formatBytes(full.freeBytes)} free`,
  );
};

const lack = (
  group: VolumeGroup,
  layout: Layout,
  { disks, diskBytes }: Pick<Footprint, 'disks' | 'diskBytes'>,
): string => {
  const count = group.physicalVolumes.filter(({ freeBytes }) => freeBytes >= diskBytes).length;
  return `has ${count} of the ${disks} disks with ${formatBytes(diskBytes)} free that a volume needs that is ${describeLayout(layout)}`;
};
