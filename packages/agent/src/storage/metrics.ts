import type { Metrics } from '@berth/runtime/metrics';
import type { LvmReport } from '../lvm/report.ts';
import { OWNER_TAG } from '../lvm/tags.ts';

/** Gauges of our volume groups; the function it returns sets them from a report. */
export const createGroupMetrics = (metrics: Metrics): ((report: LvmReport) => void) => {
  const labels = ['group'] as const;
  const size = metrics.gauge('berth_volume_group_size_bytes', 'All extents of the volume group.', labels);
  const free = metrics.gauge('berth_volume_group_free_bytes', 'Extents that no logical volume uses.', labels);
  const volumes = metrics.gauge('berth_volume_group_logical_volumes', 'Logical volumes in the group.', labels);
  const missing = metrics.gauge('berth_volume_group_missing_disks', 'Physical volumes that LVM misses.', labels);
  return (report) => {
    for (const gauge of [size, free, volumes, missing]) gauge.reset();
    for (const group of report.groups.filter(({ tags }) => tags.includes(OWNER_TAG))) {
      const of = { group: group.name };
      size.set(of, group.sizeBytes);
      free.set(of, group.freeBytes);
      volumes.set(of, group.logicalVolumes.length);
      missing.set(of, group.physicalVolumes.filter((pv) => pv.missing).length);
    }
  };
};
