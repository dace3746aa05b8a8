import type { Controller } from './controller.ts';

/** A block device as the kernel, udev and lsblk tell about it; nothing in here has been judged. */
export interface BlockDevice {
  /** Kernel name, for example `nvme0n1`; may change at the next boot. */
  readonly name: string;
  readonly path: string;
  /** `major:minor`. */
  readonly device: string;
  /** lsblk's type: disk, part, loop, lvm, mpath, … */
  readonly type: string;
  readonly sizeBytes: number;
  readonly sectorBytes: number;
  readonly rotational: boolean;
  readonly readOnly: boolean;
  /** udev has not dealt with it yet: its names and its content are still to be found out. */
  readonly pending: boolean;
  readonly removable: boolean;
  readonly transport?: string;
  readonly vendor?: string;
  readonly model?: string;
  readonly serial?: string;
  readonly wwn?: string;
  /** Medium rotation rate of the device's own SCSI page B1h: 1 does not rotate, above 400h revolutions per minute. */
  readonly rotationRate?: number;
  /** What it hangs on, where that is a PCI device. */
  readonly controller?: Controller;
  readonly fileSystem?: string;
  readonly partitionTable?: string;
  readonly mountPoints: readonly string[];
  /** Kernel names of what lies on top: partitions, device mapper, md. */
  readonly children: readonly { readonly name: string; readonly type: string }[];
  /** Links below /dev/disk/by-id and /dev/disk/by-path. */
  readonly links: readonly string[];
}
