/** What the fake machine of the tests is made of; plain data, kept in a file between commands. */
export interface FakeDisk {
  readonly path: string;
  sizeBytes: number;
  /** Undefined: blank. */
  content?: FakeContent;
  unreadable?: boolean;
  /** Type of the content that udev remembers, whatever has become of it, until it is told to look again. */
  remembered?: string;
  /** What smartctl prints of it as JSON. */
  smart?: unknown;
  /** What lsblk says beside what follows from the rest. */
  readonly lsblk?: Readonly<Record<string, unknown>>;
}

export type FakeContent =
  | {
      kind: 'filesystem';
      type: string;
      uuid: string;
      inProgress?: boolean;
      damaged?: boolean;
      /** Of ext4: has damage that is repaired without asking. */
      unclean?: boolean;
      /** Extents of its device that it uses. */
      extents?: number;
      /** What pods have written and flushed. */
      files?: Record<string, string>;
    }
  | FakePv;

export interface FakePv {
  kind: 'pv';
  uuid: string;
  group: string;
  extents?: number;
  tags?: string[];
  /** LVM gives nothing of it to volumes. */
  withheld?: boolean;
  move?: FakeMove;
}

/** Extents on their way from a physical volume to others. */
export interface FakeMove {
  readonly parts: readonly { readonly lv: string; readonly to: readonly FakePart[] }[];
  percent: number;
  /** A program of LVM sees it through. Nothing goes on without one. */
  polled: boolean;
}

/** Extents of a physical volume, named by its UUID, that hold a part of a logical volume. */
export interface FakePart {
  readonly pv: string;
  readonly extents: number;
  /** What LVM puts behind the volume's name for a hidden part, for example `_rimage_0`; empty for the volume itself. */
  readonly suffix: string;
}

export interface FakeLv {
  name: string;
  extents: number;
  /** LVM's words for how it lies on disk: `linear`, `striped`, `raid,raid1`. */
  layout: string;
  parts: FakePart[];
  /** How far the copies of a mirrored one are alike; entirely, when absent. */
  syncPercent?: number;
  /** Extents of the kernel's device while it lags behind those that LVM has written down. */
  deviceExtents?: number;
  tags: string[];
  active: boolean;
  /** Its device was made and not given its content. */
  unloaded?: boolean;
  minor: number;
  health?: string;
  content?: FakeContent;
  unreadable?: boolean;
  /** A program has it open. */
  open?: boolean;
  /** Bytes from the beginning that hold nothing any more. */
  wipedBytes?: number;
  /** How many mkfs have come to their end on it. */
  formats?: number;
}

export interface FakeGroup {
  name: string;
  uuid: string;
  tags: string[];
  /** LVM's vg_attr where it is not that of an ordinary group. */
  attributes?: string;
  lvs: FakeLv[];
}

export interface FakeMount {
  readonly device: string;
  readonly source: string;
  readonly target: string;
  readonly fsType: string;
  readonly options: string[];
  /** Path within the file system; the whole of it when absent. */
  readonly root?: string;
  /** The kernel has made the file system read-only. */
  frozen?: boolean;
}

export interface MachineState {
  disks: FakeDisk[];
  groups: FakeGroup[];
  /** Volumes that are gone, as they were then; the last one's extents are the next to be given away. */
  removed: FakeLv[];
  mounts: FakeMount[];
  minors: number;
  /** Links below /dev/disk and what they point to. */
  links: Record<string, string>;
  missingPrograms: string[];
  /** By how much each move goes on from one report to the next. */
  percentPerReport: number;
  /** Every command line so far. */
  commands: string[];
  /** Misbehaviour of the next command whose line contains `match`. */
  faults: Fault[];
}

/** `before`: nothing is done. `after`: done, but the caller never hears of it. */
export interface Fault {
  readonly match: string;
  readonly how: 'fail-before' | 'fail-after' | 'hang';
  /** Standard error and exit code of a failure. */
  readonly stderr?: string;
  readonly exitCode?: number;
}

export const EXTENT = 4 * 1024 ** 2;
/** LVM's own metadata at the head of each physical volume. */
export const METADATA = 1024 ** 2;

/** Extents that fit on so many bytes. */
export const extentsIn = (bytes: number): number => Math.floor((bytes - METADATA) / EXTENT);

/** Extents of the physical volume on a disk; those of the whole disk unless it was made smaller, or the disk has grown. */
export const extentsOf = ({ content, sizeBytes }: FakeDisk): number =>
  (content?.kind === 'pv' ? content.extents : undefined) ?? extentsIn(sizeBytes);

export const createMachineState = (disks: readonly FakeDisk[], links: Record<string, string> = {}): MachineState => ({
  disks: structuredClone([...disks]),
  groups: [],
  removed: [],
  mounts: [],
  minors: 0,
  links,
  missingPrograms: [],
  percentPerReport: 100,
  commands: [],
  faults: [],
});
