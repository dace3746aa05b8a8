import { createHash } from 'node:crypto';

export type Medium = 'hdd' | 'ssd' | 'nvme';

/** A disk as the user of the bed asks for it. */
export interface DiskSpec {
  /** Unique in its node. A disk pulled and plugged again under the same name keeps its data. */
  name: string;
  medium: Medium;
  /** Size as truncate(1) takes it, for example `8G` (GiB). The file is sparse. */
  size: string;
  /**
   * Bay from 0 to 15, counted for NVMe and for SCSI disks apart. NVMe bay N is PCI device 0x10+N, so bay 0 has the link
   * `/dev/disk/by-path/pci-0000:00:10.0-nvme-1`; SCSI bay N is target N. Without it, the lowest free bay.
   */
  slot?: number;
  /** At most 20 characters. Without it, one made from node and disk name. Equal serials give equal WWNs. */
  serial?: string;
  /** Raw image on the host that a new disk begins as a copy of, instead of being blank. */
  copyOf?: string;
  /** What an NVMe disk warns of when it is asked for its health: bits of the NVM Express base specification, log page 02h. */
  criticalWarning?: number;
  /** Vendor (8 characters) and model (16) that a SCSI disk says it is, instead of a real disk's. */
  saysItIs?: { readonly vendor: string; readonly model: string };
}

/** A disk with everything decided. */
export interface Disk {
  readonly name: string;
  readonly medium: Medium;
  readonly size: string;
  readonly slot: number;
  readonly serial: string;
  /** Raw image on the host. */
  readonly file: string;
  readonly copyOf?: string;
  readonly criticalWarning?: number;
  readonly saysItIs?: DiskSpec['saysItIs'];
}

/** Decides bay and serial. Throws when the bay is taken or out of range, the serial is too long or the name is used already. */
export function placeDisk(
  spec: DiskSpec,
  node: { name: string; plugged: readonly Disk[]; diskFile: (name: string) => string },
): Disk {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(spec.name)) {
    throw new Error(`disk name "${spec.name}" must be of lower-case letters, digits and "-"`);
  }
  if (node.plugged.some((disk) => disk.name === spec.name)) {
    throw new Error(`node ${node.name} has a disk named ${spec.name} already`);
  }
  const serial =
    spec.serial ?? `B${createHash('sha256').update(`${node.name}/${spec.name}`).digest('hex').slice(0, 14)}`;
  if (serial.length > 20) throw new Error(`serial "${serial}" must have at most 20 characters`);
  const slot = chooseSlot(spec, node);
  const { name, medium, size, copyOf, criticalWarning, saysItIs } = spec;
  return {
    ...{ name, medium, size, slot, serial, file: node.diskFile(name) },
    ...(copyOf !== undefined && { copyOf }),
    ...(criticalWarning !== undefined && { criticalWarning }),
    ...(saysItIs !== undefined && { saysItIs }),
  };
}

/** Places all disks of a machine. Those with a bay of their own come first, so that the others don't take it. */
export function placeDisks(
  specs: readonly DiskSpec[],
  machine: { name: string; diskFile: (name: string) => string },
): readonly Disk[] {
  const plugged: Disk[] = [];
  const inOrder = specs.toSorted((a, b) => Number(b.slot !== undefined) - Number(a.slot !== undefined));
  for (const spec of inOrder) plugged.push(placeDisk(spec, { ...machine, plugged }));
  return plugged;
}

function chooseSlot(spec: DiskSpec, node: { name: string; plugged: readonly Disk[] }): number {
  const isNvme = spec.medium === 'nvme';
  const taken = new Set(node.plugged.filter((disk) => (disk.medium === 'nvme') === isNvme).map((disk) => disk.slot));
  const slot = spec.slot ?? [...Array(16).keys()].find((candidate) => !taken.has(candidate));
  if (slot === undefined) throw new Error(`node ${node.name} has no free bay for ${spec.medium} disk ${spec.name}`);
  if (!Number.isInteger(slot) || slot < 0 || slot > 15)
    throw new Error(`slot ${slot} must be a whole number from 0 to 15`);
  if (taken.has(slot))
    throw new Error(`bay ${slot} for ${spec.medium} disk ${spec.name} is taken on node ${node.name}`);
  return slot;
}

/** Name of the disk's image in the machine's block layer. */
export function blockNodeName(disk: Disk): string {
  return `image-${disk.name}`;
}

/** Name of the disk's device in the machine. */
export function deviceId(disk: Disk): string {
  return `disk-${disk.name}`;
}

/** Arguments of blockdev-add: the host's cache without its flushes is enough, since a power cut ends QEMU and not the host. */
export function blockdevArguments(disk: Disk): Record<string, unknown> {
  return {
    driver: 'raw',
    'node-name': blockNodeName(disk),
    discard: 'unmap',
    cache: { 'no-flush': true },
    file: { driver: 'file', filename: disk.file, discard: 'unmap', cache: { 'no-flush': true } },
  };
}

/** Arguments of device_add. */
export function deviceArguments(disk: Disk): Record<string, unknown> {
  const common = { id: deviceId(disk), drive: blockNodeName(disk), serial: disk.serial };
  if (disk.medium === 'nvme') {
    const place = { bus: 'pci.0', addr: `0x${(0x10 + disk.slot).toString(16)}` };
    const { criticalWarning: smart_critical_warning = 0 } = disk;
    return { driver: 'nvme', ...place, ...common, ...(smart_critical_warning > 0 && { smart_critical_warning }) };
  }
  const { vendor = 'BERTH', model = disk.medium === 'ssd' ? 'SSD-4T' : 'HDD-16T' } = disk.saysItIs ?? {};
  return {
    driver: 'scsi-hd',
    bus: 'scsi0.0',
    'scsi-id': disk.slot,
    vendor,
    product: model,
    // SCSI Block Device Characteristics page: 1 means not rotating.
    rotation_rate: disk.medium === 'ssd' ? 1 : 7200,
    wwn: worldWideName(disk.serial),
    ...common,
  };
}

/** A 64-bit NAA 5 name that depends on the serial alone. */
function worldWideName(serial: string): bigint {
  const digits = createHash('sha256').update(serial).digest('hex').slice(0, 15);
  return BigInt(`0x5${digits}`);
}
