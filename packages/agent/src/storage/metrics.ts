import type { NodeStorageStatus } from '@berth/contract/resources/node-storage';
import type { Metrics } from '@berth/runtime/metrics';
import { isFailing } from '../health/disk-health.ts';
import type { LvmReport } from '../lvm/report.ts';

/** Gauges of the volume groups; the function it returns sets them from a report, for the groups and disks of a status. */
export const createGroupMetrics = (metrics: Metrics): ((report: LvmReport, status: NodeStorageStatus) => void) => {
  const labels = ['group'] as const;
  const size = metrics.gauge('berth_volume_group_size_bytes', 'All extents of the volume group.', labels);
  const free = metrics.gauge('berth_volume_group_free_bytes', 'Extents that no logical volume uses.', labels);
  const volumes = metrics.gauge('berth_volume_group_logical_volumes', 'Logical volumes in the group.', labels);
  const missing = metrics.gauge('berth_volume_group_missing_disks', 'Physical volumes that LVM misses.', labels);
  const failing = metrics.gauge(
    'berth_volume_group_failing_disks',
    'Disks that say they fail, or had many errors.',
    labels,
  );
  return (report, status) => {
    for (const gauge of [size, free, volumes, missing, failing]) gauge.reset();
    const uuids = status.groups?.map(({ uuid }) => uuid) ?? [];
    const failingDisks = status.disks?.filter(isFailing) ?? [];
    for (const group of report.groups.filter(({ uuid }) => uuids.includes(uuid))) {
      const of = { group: group.name };
      size.set(of, group.sizeBytes);
      free.set(of, group.freeBytes);
      volumes.set(of, group.logicalVolumes.length);
      missing.set(of, group.physicalVolumes.filter((pv) => pv.missing).length);
      failing.set(of, failingDisks.filter(({ volumeGroup }) => volumeGroup === group.name).length);
    }
  };
};
