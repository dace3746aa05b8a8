import * as z from 'zod';

/** The columns that are asked for, by the part of the report they are in. */
export const COLUMNS = {
  vg: 'vg_name,vg_uuid,vg_tags,vg_attr,vg_extent_size',
  pv: 'pv_name,pv_uuid,pv_missing,dev_size,pe_start,pv_pe_count,pv_pe_alloc_count,pv_allocatable,pv_in_use,pv_tags',
  lv: 'lv_name,lv_uuid,lv_size,lv_tags,lv_active,lv_live_table,lv_suspended,lv_kernel_major,lv_kernel_minor,lv_health_status,lv_layout,sync_percent,lv_allocation_locked',
  // Hidden volumes are in no row of "lv" but in these: the parts of a mirrored one under the name of their parent, and those by which
  // extents are moved.
  pvseg: 'pv_uuid,pvseg_size,lv_name,lv_parent,move_pv_uuid,copy_percent',
  // Rows that nobody reads; LVM refuses an empty list of columns.
  seg: 'seg_start',
};

const vgRow = z.object({
  vg_name: z.string(),
  vg_uuid: z.string(),
  vg_tags: z.string(),
  vg_attr: z.string(),
  vg_extent_size: z.coerce.number(),
});
const pvRow = z.object({
  pv_name: z.string(),
  pv_uuid: z.string(),
  pv_missing: z.string(),
  dev_size: z.coerce.number(),
  pe_start: z.coerce.number(),
  pv_pe_count: z.coerce.number(),
  pv_pe_alloc_count: z.coerce.number(),
  pv_allocatable: z.string(),
  pv_in_use: z.string(),
  pv_tags: z.string(),
});
const lvRow = z.object({
  lv_name: z.string(),
  lv_uuid: z.string(),
  lv_size: z.coerce.number(),
  lv_tags: z.string(),
  lv_active: z.string(),
  lv_live_table: z.string(),
  lv_suspended: z.string(),
  lv_kernel_major: z.coerce.number(),
  lv_kernel_minor: z.coerce.number(),
  lv_health_status: z.string(),
  lv_layout: z.string(),
  sync_percent: z.string(),
  lv_allocation_locked: z.string(),
});
const segmentRow = z.object({
  pv_uuid: z.string(),
  pvseg_size: z.coerce.number(),
  lv_name: z.string(),
  lv_parent: z.string(),
  move_pv_uuid: z.string(),
  copy_percent: z.coerce.number(),
});

export type GroupRow = z.infer<typeof vgRow>;
export type PhysicalVolumeRow = z.infer<typeof pvRow>;
export type LogicalVolumeRow = z.infer<typeof lvRow>;
/** A run of extents on a physical volume, used or free. */
export type SegmentRow = z.infer<typeof segmentRow>;

/** One group with all that is in it; without a group, physical volumes that are in none. */
export const reportRows = z.object({
  report: z
    .array(
      z.object({
        vg: z.array(vgRow).default([]),
        pv: z.array(pvRow).default([]),
        lv: z.array(lvRow).default([]),
        pvseg: z.array(segmentRow).default([]),
      }),
    )
    .default([]),
});
