import { parseQuantity } from '@berth/contract/quantity';
import type { NodeStorageStatus } from '@berth/contract/resources/node-storage';
import type { Metrics } from '@berth/runtime/metrics';
import { isFailing } from '../health/disk-health.ts';
import type { LvmReport } from '../lvm/report.ts';

/** Gauges of the volume groups; the function it returns sets them from a report, for the groups and disks of a status. */
export const createGroupMetrics = (metrics: Metrics): ((report: LvmReport, status: NodeStorageStatus) => void) => {
  const labels = ['group'] as const;
  const size = metrics.gauge(
    'berth_volume_group_size_bytes',
    'All extents of the volume group but those of leaving disks.',
    labels,
  );
  const free = metrics.gauge('berth_volume_group_free_bytes', 'Extents that logical volumes can have.', labels);
  const volumes = metrics.gauge('berth_volume_group_logical_volumes', 'Logical volumes in the group.', labels);
  const missing = metrics.gauge('berth_volume_group_missing_disks', 'Physical volumes that LVM misses.', labels);
  const failing = metrics.gauge(
    'berth_volume_group_failing_disks',
    'Disks that say they fail, or had many errors.',
    labels,
  );
  const orphans = metrics.gauge(
    'berth_volume_group_orphans',
    'Logical volumes of ours that no object stands for.',
    labels,
  );
  return (report, status) => {
    for (const gauge of [size, free, volumes, missing, failing, orphans]) gauge.reset();
    const uuids = status.groups?.map(({ uuid }) => uuid) ?? [];
    const failingDisks = status.disks?.filter(isFailing) ?? [];
    for (const group of report.groups.filter(({ uuid }) => uuids.includes(uuid))) {
      const of = { group: group.name };
      size.set(of, group.sizeBytes);
      free.set(of, group.freeBytes);
      volumes.set(of, group.logicalVolumes.length);
      missing.set(of, group.physicalVolumes.filter((pv) => pv.missing).length);
      orphans.set(of, status.groups?.find(({ uuid }) => uuid === group.uuid)?.orphans?.length ?? 0);
      failing.set(of, failingDisks.filter(({ volumeGroup }) => volumeGroup === group.name).length);
    }
  };
};

/** Gauges of the disks that are to leave; the function it returns sets them from a status. */
export const createRemovalMetrics = (metrics: Metrics): ((status: NodeStorageStatus) => void) => {
  const count = metrics.gauge('berth_disk_removals', 'Disks that are to leave, by how far they are.', ['phase']);
  const left = metrics.gauge('berth_disk_removal_left_bytes', 'What volumes have on a leaving disk still.', ['disk']);
  return ({ removals = [] }) => {
    left.reset();
    for (const { disk, left: quantity } of removals) {
      if (quantity !== undefined) left.set({ disk }, parseQuantity(quantity));
    }
    for (const phase of ['Moving', 'Blocked', 'Removed'] as const) {
      count.set({ phase }, removals.filter((removal) => removal.phase === phase).length);
    }
  };
};
