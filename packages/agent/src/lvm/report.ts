import { AppError } from '@berth/contract/errors';
import { footprintOf } from '@berth/contract/layout';
import type { Lvm } from './command.ts';
import {
  COLUMNS,
  type GroupRow,
  type LogicalVolumeRow,
  type PhysicalVolumeRow,
  reportRows,
  type SegmentRow,
} from './report-rows.ts';
import { LEAVING_TAG } from './tags.ts';

export interface PhysicalVolume {
  /** Kernel name at the time of the report. */
  readonly path: string;
  readonly uuid: string;
  readonly missing: boolean;
  /** Bytes of the device behind the last extent: less than one extent, unless the device has grown. */
  readonly surplusBytes: number;
  /** All its extents; nothing while it is in no group. */
  readonly sizeBytes: number;
  /** Its extents that volumes have, also those that are being copied from it or to it. */
  readonly usedBytes: number;
  /** Its extents that volumes can have; 0 while it is missing, not allocatable, or leaving. */
  readonly freeBytes: number;
  /** Whether LVM gives its free extents to volumes. */
  readonly allocatable: boolean;
  /** It says that some group has it; in none, that group was not finished, or is lost. */
  readonly claimed: boolean;
  /** It is being emptied because its disk is to leave. */
  readonly leaving: boolean;
  /** Names of the volumes that have extents on it; hidden ones in brackets, as LVM writes them. */
  readonly volumes: readonly string[];
  /** The copying of its extents to others, while that goes on. */
  readonly move?: Move;
}

export interface Move {
  readonly bytes: number;
  readonly copiedBytes: number;
}

export interface LogicalVolumeOnDisk {
  readonly name: string;
  readonly volumeGroup: string;
  readonly uuid: string;
  readonly sizeBytes: number;
  /** What it takes of the group, with copies and their metadata. */
  readonly takenBytes: number;
  /** The physical volumes that it lies on, but for extents that are being moved. */
  readonly disks: readonly { readonly uuid: string; readonly bytes: number }[];
  /** It has two copies. */
  readonly isMirrored: boolean;
  /** False while the copies are still made alike. */
  readonly isInSync: boolean;
  readonly tags: readonly string[];
  /** Its device is there and answers: one that was left without content, or suspended, by a command that was killed, does not. */
  readonly active: boolean;
  /** `major:minor` of the device, undefined while it is not active. */
  readonly device: string | undefined;
  /** LVM's word for what is wrong with it, for example `partial`; empty while it is well. */
  readonly health: string;
  /** Extents of it are being copied to another disk: until then it can be used, but neither grown nor removed. */
  readonly moving: boolean;
}

export interface VolumeGroup {
  readonly name: string;
  readonly uuid: string;
  readonly tags: readonly string[];
  readonly extentBytes: number;
  /** All extents but those of disks that are leaving. */
  readonly sizeBytes: number;
  /** What volumes have, on whatever disk; what is being copied from a leaving disk counts once. */
  readonly usedBytes: number;
  /** What new volumes can have: room that leaving disks will need for what is on them still is not in it. */
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

/** Everything LVM knows, by one command. */
export const readReport = async (lvm: Lvm, signal?: AbortSignal): Promise<LvmReport> => {
  const columns = Object.entries(COLUMNS).flatMap(([report, list]) => ['--configreport', report, '-o', list]);
  const args = ['--reportformat', 'json', '--units', 'b', '--nosuffix', ...columns];
  return parseReport(await lvm.run('fullreport', args, { signal }));
};

/** The report's text as types; lines that LVM prints around the JSON are passed over. Throws Internal on other text. */
export const parseReport = (text: string): LvmReport => {
  const parsed = reportRows.safeParse(extractJson(text));
  if (!parsed.success) throw unreadable(text, parsed.error);
  const { report } = parsed.data;
  return {
    groups: report.flatMap(({ vg, ...rows }) => vg.map((row) => toGroup(row, rows))),
    orphans: report
      .filter(({ vg }) => vg.length === 0)
      .flatMap(({ pv }) => pv.map((row) => toPhysicalVolume(row, 0, []))),
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

interface Parts {
  readonly pv: readonly PhysicalVolumeRow[];
  readonly lv: readonly LogicalVolumeRow[];
  readonly pvseg: readonly SegmentRow[];
}

const toGroup = (row: GroupRow, { pv: pvs, lv: lvs, pvseg: segments }: Parts): VolumeGroup => {
  const physicalVolumes = pvs.map((pv) => toPhysicalVolume(pv, row.vg_extent_size, segments));
  return {
    name: row.vg_name,
    uuid: row.vg_uuid,
    tags: splitTags(row.vg_tags),
    extentBytes: row.vg_extent_size,
    ...room(physicalVolumes),
    // vgs(8), vg_attr.
    readOnly: row.vg_attr[0] === 'r',
    exported: row.vg_attr[2] === 'x',
    partial: row.vg_attr[3] === 'p',
    shared: row.vg_attr[5] === 'c' || row.vg_attr[5] === 's',
    physicalVolumes,
    logicalVolumes: lvs.map((lv) => toLogicalVolume(lv, row, segments)),
    thinPools: lvs.filter(({ lv_layout }) => lv_layout === 'thin,pool').map(({ lv_name }) => lv_name),
  };
};

/** What is on a leaving disk will need room on the others, so that the group is as large as those, and all that is used counts. */
const room = (
  physicalVolumes: readonly PhysicalVolume[],
): Pick<VolumeGroup, 'sizeBytes' | 'usedBytes' | 'freeBytes'> => {
  const sum = (of: (pv: PhysicalVolume) => number) => physicalVolumes.reduce((bytes, pv) => bytes + of(pv), 0);
  const sizeBytes = sum((pv) => (pv.leaving ? 0 : pv.sizeBytes));
  const usedBytes = sum((pv) => pv.usedBytes - (pv.leaving ? (pv.move?.bytes ?? 0) : 0));
  const withheldBytes = sum((pv) => (pv.leaving || pv.allocatable ? 0 : pv.sizeBytes - pv.usedBytes));
  return { sizeBytes, usedBytes, freeBytes: Math.max(0, sizeBytes - usedBytes - withheldBytes) };
};

const toPhysicalVolume = (
  row: PhysicalVolumeRow,
  extentBytes: number,
  segments: readonly SegmentRow[],
): PhysicalVolume => {
  const own = segments.filter((segment) => segment.pv_uuid === row.pv_uuid && segment.lv_name !== '');
  const moving = own.filter((segment) => segment.move_pv_uuid === row.pv_uuid);
  const missing = row.pv_missing !== '';
  const allocatable = row.pv_allocatable !== '';
  const leaving = splitTags(row.pv_tags).includes(LEAVING_TAG);
  const isOffered = allocatable && !missing && !leaving;
  return {
    path: row.pv_name,
    uuid: row.pv_uuid,
    missing,
    surplusBytes: Math.max(0, row.dev_size - row.pe_start - row.pv_pe_count * extentBytes),
    sizeBytes: row.pv_pe_count * extentBytes,
    usedBytes: row.pv_pe_alloc_count * extentBytes,
    freeBytes: isOffered ? (row.pv_pe_count - row.pv_pe_alloc_count) * extentBytes : 0,
    allocatable,
    claimed: row.pv_in_use !== '',
    leaving,
    volumes: [...new Set(own.map((segment) => segment.lv_name))],
    ...(moving.length > 0 && { move: toMove(moving, extentBytes) }),
  };
};

const toMove = (segments: readonly SegmentRow[], extentBytes: number): Move => {
  const bytes = segments.reduce((sum, { pvseg_size }) => sum + pvseg_size * extentBytes, 0);
  return { bytes, copiedBytes: (bytes * (segments[0]?.copy_percent ?? 0)) / 100 };
};

const toLogicalVolume = (
  row: LogicalVolumeRow,
  { vg_name, vg_extent_size }: GroupRow,
  segments: readonly SegmentRow[],
): LogicalVolumeOnDisk => {
  const disks = disksOf(row.lv_name, vg_extent_size, segments);
  const isMirrored = row.lv_layout.split(',').includes('raid1');
  const whole = footprintOf({ type: isMirrored ? 'raid1' : 'linear' }, row.lv_size, vg_extent_size);
  return {
    name: row.lv_name,
    volumeGroup: vg_name,
    uuid: row.lv_uuid,
    sizeBytes: row.lv_size,
    // While extents are moved to another disk they are under another name.
    takenBytes: Math.max(
      whole.takenBytes,
      disks.reduce((sum, { bytes }) => sum + bytes, 0),
    ),
    disks,
    isMirrored,
    isInSync: row.sync_percent === '' || Number(row.sync_percent) >= 100,
    tags: splitTags(row.lv_tags),
    active: row.lv_active === 'active' && row.lv_live_table !== '' && row.lv_suspended === '',
    health: row.lv_health_status,
    moving: row.lv_allocation_locked !== '',
    device: row.lv_kernel_major < 0 ? undefined : `${row.lv_kernel_major}:${row.lv_kernel_minor}`,
  };
};

const disksOf = (
  volume: string,
  extentBytes: number,
  segments: readonly SegmentRow[],
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
