/** How the blocks of a volume are laid on the disks of its group. */
export const LAYOUTS = ['linear', 'striped', 'raid1'] as const;

export type Layout =
  /** On any extents of any disks. */
  | { readonly type: 'linear' }
  /** In turns over several disks, for speed; the loss of one of them loses the volume. */
  | { readonly type: 'striped'; readonly stripes: number }
  /** Two copies on two disks; the loss of one of them loses nothing. */
  | { readonly type: 'raid1' };

export const LINEAR: Layout = { type: 'linear' };
export const FEWEST_STRIPES = 2;
export const MOST_STRIPES = 8;

/** What a volume takes of its group. All amounts are bytes in whole extents. */
export interface Footprint {
  /** What the volume offers: what was asked for, rounded up so that it lies evenly. */
  readonly sizeBytes: number;
  /** What it takes of the group, with copies and metadata. */
  readonly takenBytes: number;
  /** On how many different disks; 1 means that it does not matter. */
  readonly disks: number;
  /** What it takes of each of them; at most, where it does not matter on which. */
  readonly diskBytes: number;
}

/** What a volume of so many bytes takes of a group with this extent size, as LVM will round it. */
export const footprintOf = (layout: Layout, bytes: number, extentBytes: number): Footprint => {
  const extent = extentBytes > 0 ? extentBytes : 1;
  const disks = layout.type === 'striped' ? layout.stripes : 1;
  const evenBytes = Math.ceil(bytes / (extent * disks)) * extent;
  const sizeBytes = evenBytes * disks;
  if (layout.type !== 'raid1') {
    return { sizeBytes, takenBytes: sizeBytes, disks, diskBytes: evenBytes };
  }
  const diskBytes = sizeBytes + mirrorMetadataBytes(sizeBytes, extent);
  return { sizeBytes, takenBytes: COPIES * diskBytes, disks: COPIES, diskBytes };
};

/** What a volume takes more when it grows from one footprint to another of the same layout. */
export const growthOf = (before: Footprint, after: Footprint): Footprint => ({
  sizeBytes: after.sizeBytes - before.sizeBytes,
  takenBytes: after.takenBytes - before.takenBytes,
  disks: after.disks,
  diskBytes: after.diskBytes - before.diskBytes,
});

const COPIES = 2;
const SUPERBLOCKS_BYTES = 8192;
const REGION_BYTES = 2 * 1024 ** 2;

/**
 * LVM keeps beside each copy two superblocks and a bit for every region (lvm2, lib/metadata/raid_manip.c: _raid_rmeta_extents;
 * the region's size is the default of activation/raid_region_size).
 */
const mirrorMetadataBytes = (sizeBytes: number, extentBytes: number): number =>
  Math.ceil((SUPERBLOCKS_BYTES + Math.ceil(sizeBytes / REGION_BYTES / 8)) / extentBytes) * extentBytes;

/** The layout that the spec of a LogicalVolume asks for. */
export const layoutOf = (spec: {
  readonly layout?: Layout['type'] | undefined;
  readonly stripes?: number | undefined;
}): Layout => {
  const { layout: type = 'linear', stripes = FEWEST_STRIPES } = spec;
  return type === 'striped' ? { type, stripes } : { type };
};

/** For sentences: `striped over 4 disks`. */
export const describeLayout = (layout: Layout): string =>
  layout.type === 'striped' ? `striped over ${layout.stripes} disks` : layout.type;
