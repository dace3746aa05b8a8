import type { LogicalVolumeOnDisk, PhysicalVolume, VolumeGroup } from '../lvm/report.ts';

export const EXTENT_BYTES = 4 * 1024 ** 2;

/** An ordinary empty group with some facts changed. */
export const volumeGroup = (facts: Partial<VolumeGroup> = {}): VolumeGroup => ({
  name: 'vg-fast',
  uuid: 'VG-1',
  tags: [],
  extentBytes: EXTENT_BYTES,
  sizeBytes: 100 * EXTENT_BYTES,
  usedBytes: 0,
  freeBytes: 100 * EXTENT_BYTES,
  exported: false,
  shared: false,
  readOnly: false,
  partial: false,
  physicalVolumes: [],
  logicalVolumes: [],
  thinPools: [],
  ...facts,
});

/** A volume in it. */
export const logicalVolume = (name: string, extents: number, tags: readonly string[]): LogicalVolumeOnDisk => ({
  ...{ name, tags, volumeGroup: 'vg-fast', uuid: `LV-${name}`, sizeBytes: extents * EXTENT_BYTES },
  ...{ takenBytes: extents * EXTENT_BYTES, disks: [], isMirrored: false, isInSync: true },
  ...{ active: true, device: '253:0', health: '', moving: false },
});

/** An ordinary empty physical volume with some facts changed. */
export const physicalVolume = (facts: Partial<PhysicalVolume> = {}): PhysicalVolume => ({
  ...{ path: '/dev/sda', uuid: 'PV-1', missing: false, surplusBytes: 0, sizeBytes: 0, usedBytes: 0, freeBytes: 0 },
  ...{ allocatable: true, claimed: true, leaving: false, volumes: [] },
  ...facts,
});
