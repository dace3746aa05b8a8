import { AppError } from '@berth/contract/errors';
import * as z from 'zod';
import type { Lvm } from './command.ts';

export interface PhysicalVolume {
  /** Kernel name at the time of the report. */
  readonly path: string;
  readonly uuid: string;
  readonly missing: boolean;
  /** Bytes of the device behind the last extent: less than one extent, unless the device has grown. */
  readonly surplusBytes: number;
  /** Extents that no logical volume uses; 0 while it is missing. */
  readonly freeBytes: number;
}

export interface LogicalVolumeOnDisk {
  readonly name: string;
  readonly volumeGroup: string;
  readonly uuid: string;
  readonly sizeBytes: number;
  /** What it takes of the group, with copies and their metadata. */
  readonly takenBytes: number;
  /** The physical volumes that it lies on. */
  readonly disks: readonly { readonly uuid: string; readonly bytes: number }[];
  /** It has two copies. */
  readonly isMirrored: boolean;
  /** False while the copies are still made alike. */
  readonly isInSync: boolean;
  readonly tags: readonly string[];
  readonly active: boolean;
  /** `major:minor` of the device, undefined while it is not active. */
  readonly device: string | undefined;
  /** LVM's word for what is wrong with it, for example `partial`; empty while it is well. */
  readonly health: string;
}

export interface VolumeGroup {
  readonly name: string;
  readonly uuid: string;
  readonly tags: readonly string[];
  readonly extentBytes: number;
  readonly sizeBytes: number;
  readonly freeBytes: number;
  readonly exported: boolean;
  /** Other nodes may use it too: clustered, or with a lock type. */
  readonly shared: boolean;
  readonly readOnly: boolean;
  /** Some of its physical volumes are missing. */
  readonly partial: boolean;
  readonly physicalVolumes: readonly PhysicalVolume[];
  readonly logicalVolumes: readonly LogicalVolumeOnDisk[];
  /** Names of its thin pools. */
  readonly thinPools: readonly string[];
}

export interface LvmReport {
  readonly groups: readonly VolumeGroup[];
  /** Physical volumes in no group. */
  readonly orphans: readonly PhysicalVolume[];
}

const COLUMNS = {
  vg: 'vg_name,vg_uuid,vg_tags,vg_attr,vg_extent_size,vg_extent_count,vg_free_count',
  pv: 'pv_name,pv_uuid,pv_missing,dev_size,pe_start,pv_pe_count,pv_pe_alloc_count',
  lv: 'lv_name,lv_uuid,lv_size,lv_tags,lv_active,lv_kernel_major,lv_kernel_minor,lv_health_status,lv_layout,sync_percent',
  // The hidden parts of a mirrored volume are in these rows only, under the name of their parent.
  pvseg: 'pv_uuid,pvseg_size,lv_name,lv_parent',
  // Rows that nobody reads; LVM refuses an empty list of columns.
  seg: 'seg_start',
};

/** Everything LVM knows, by one command. */
export const readReport = async (lvm: Lvm, signal?: AbortSignal): Promise<LvmReport> => {
  const columns = Object.entries(COLUMNS).flatMap(([report, list]) => ['--configreport', report, '-o', list]);
  const args = ['--reportformat', 'json', '--units', 'b', '--nosuffix', ...columns];
  return parseReport(await lvm.run('fullreport', args, { signal }));
};

const vgRow = z.object({
  vg_name: z.string(),
  vg_uuid: z.string(),
  vg_tags: z.string(),
  vg_attr: z.string(),
  vg_extent_size: z.coerce.number(),
  vg_extent_count: z.coerce.number(),
  vg_free_count: z.coerce.number(),
});
const pvRow = z.object({
  pv_name: z.string(),
  pv_uuid: z.string(),
  pv_missing: z.string(),
  dev_size: z.coerce.number(),
  pe_start: z.coerce.number(),
  pv_pe_count: z.coerce.number(),
  pv_pe_alloc_count: z.coerce.number(),
});
const lvRow = z.object({
  lv_name: z.string(),
  lv_uuid: z.string(),
  lv_size: z.coerce.number(),
  lv_tags: z.string(),
  lv_active: z.string(),
  lv_kernel_major: z.coerce.number(),
  lv_kernel_minor: z.coerce.number(),
  lv_health_status: z.string(),
  lv_layout: z.string(),
  sync_percent: z.string(),
});
const pvsegRow = z.object({
  pv_uuid: z.string(),
  pvseg_size: z.coerce.number(),
  lv_name: z.string(),
  lv_parent: z.string(),
});
const reportSchema = z.object({
  report: z
    .array(
      z.object({
        vg: z.array(vgRow).default([]),
        pv: z.array(pvRow).default([]),
        lv: z.array(lvRow).default([]),
        pvseg: z.array(pvsegRow).default([]),
      }),
    )
    .default([]),
});

/** The report's text as types; lines that LVM prints around the JSON are passed over. Throws Internal on other text. */
export const parseReport = (text: string): LvmReport => {
  const parsed = reportSchema.safeParse(extractJson(text));
  if (!parsed.success) throw unreadable(text, parsed.error);
  const { report } = parsed.data;
  return {
    groups: report.flatMap(({ vg, ...rows }) => vg.map((row) => toGroup(row, rows))),
    orphans: report.filter(({ vg }) => vg.length === 0).flatMap(({ pv }) => pv.map((row) => toPhysicalVolume(row, 0))),
  };
};

const extractJson = (text: string): unknown => {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.trimStart().startsWith('{'));
  const to = lines.findLastIndex((line) => line.trimEnd().endsWith('}'));
  const inside = lines.slice(from, to + 1).filter((line) => /^\s*(["{}[\],]|$)/.test(line));
  try {
    return JSON.parse(inside.join('\n'));
  } catch (thrown) {
    throw unreadable(text, thrown);
  }
};

const toGroup = (
  row: z.infer<typeof vgRow>,
  { pv: pvs, lv: lvs, pvseg: segments }: Omit<z.infer<typeof reportSchema>['report'][number], 'vg'>,
): VolumeGroup => ({
  name: row.vg_name,
  uuid: row.vg_uuid,
  tags: splitTags(row.vg_tags),
  extentBytes: row.vg_extent_size,
  sizeBytes: row.vg_extent_count * row.vg_extent_size,
  freeBytes: row.vg_free_count * row.vg_extent_size,
  // vgs(8), vg_attr.
  readOnly: row.vg_attr[0] === 'r',
  exported: row.vg_attr[2] === 'x',
  partial: row.vg_attr[3] === 'p',
  shared: row.vg_attr[5] === 'c' || row.vg_attr[5] === 's',
  physicalVolumes: pvs.map((pv) => toPhysicalVolume(pv, row.vg_extent_size)),
  logicalVolumes: lvs.map((lv) => toLogicalVolume(lv, row, segments)),
  thinPools: lvs.filter(({ lv_layout }) => lv_layout === 'thin,pool').map(({ lv_name }) => lv_name),
});

const toPhysicalVolume = (row: z.infer<typeof pvRow>, extentBytes: number): PhysicalVolume => ({
  path: row.pv_name,
  uuid: row.pv_uuid,
  missing: row.pv_missing !== '',
  surplusBytes: Math.max(0, row.dev_size - row.pe_start - row.pv_pe_count * extentBytes),
  freeBytes: row.pv_missing === '' ? (row.pv_pe_count - row.pv_pe_alloc_count) * extentBytes : 0,
});

const toLogicalVolume = (
  row: z.infer<typeof lvRow>,
  group: z.infer<typeof vgRow>,
  segments: readonly z.infer<typeof pvsegRow>[],
): LogicalVolumeOnDisk => {
  const disks = disksOf(row.lv_name, group.vg_extent_size, segments);
  return {
    name: row.lv_name,
    volumeGroup: group.vg_name,
    uuid: row.lv_uuid,
    sizeBytes: row.lv_size,
    // While extents are moved to another disk they are under another name.
    takenBytes: Math.max(
      row.lv_size,
      disks.reduce((sum, { bytes }) => sum + bytes, 0),
    ),
    disks,
    isMirrored: row.lv_layout.split(',').includes('raid1'),
    isInSync: row.sync_percent === '' || Number(row.sync_percent) >= 100,
    tags: splitTags(row.lv_tags),
    active: row.lv_active === 'active',
    health: row.lv_health_status,
    device: row.lv_kernel_major < 0 ? undefined : `${row.lv_kernel_major}:${row.lv_kernel_minor}`,
  };
};

const disksOf = (
  volume: string,
  extentBytes: number,
  segments: readonly z.infer<typeof pvsegRow>[],
): LogicalVolumeOnDisk['disks'] => {
  const own = segments.filter(({ lv_name, lv_parent }) => (lv_parent || lv_name) === volume);
  return [...Map.groupBy(own, ({ pv_uuid }) => pv_uuid)].map(([uuid, rows]) => ({
    uuid,
    bytes: rows.reduce((sum, { pvseg_size }) => sum + pvseg_size, 0) * extentBytes,
  }));
};

const splitTags = (text: string): string[] => text.split(',').filter((tag) => tag !== '');

const unreadable = (text: string, cause: unknown): AppError =>
  new AppError('Internal', `LVM's report can't be read; it begins with "${text.trim().slice(0, 80)}"`, { cause });
