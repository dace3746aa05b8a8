import type { Accelerator } from './accelerator.ts';
import { blockdevArguments, type Disk, deviceArguments } from './disk.ts';

/** Size of a machine. */
export interface MachineSize {
  readonly memoryMiB: number;
  readonly cpus: number;
}

/** What every machine is started with, from the golden one to the last node; a restored machine must equal the saved one. */
export interface MachineOptions extends MachineSize {
  readonly accelerator: Accelerator;
  readonly name: string;
  /** Told to the guest as its generation id, upon which the kernel stirs its random numbers anew. */
  readonly uuid: string;
  readonly kernel: string;
  readonly initramfs: string;
  /** qcow2 file that becomes /dev/vda. */
  readonly rootDisk: string;
  readonly qmpSocket: string;
  readonly agentSocket: string;
  readonly consoleLog: string;
  readonly memory: MemorySource;
}

/** Where the guest's memory lies. */
export type MemorySource =
  | { readonly kind: 'fresh' }
  /** A file that the guest writes to, in order to save it. */
  | { readonly kind: 'shared-file'; readonly file: string }
  /** Starts from the content of the file; what the guest writes stays its own. */
  | { readonly kind: 'copy-of-file'; readonly file: string };

/** The network card of a node. */
export interface NetworkCard {
  readonly tap: string;
  readonly mac: string;
}

const kernelCommandLine = [
  'console=ttyS0',
  'root=/dev/vda',
  'net.ifnames=0',
  'mitigations=off',
  'quiet',
  'audit=0',
  'apparmor=0',
  'selinux=0',
  'no_timer_check',
  'random.trust_cpu=on',
  'systemd.show_status=false',
  // What protects or checks a production kernel costs emulated processors a tenth of their time.
  'init_on_alloc=0',
  'nowatchdog',
  'preempt=none',
  'rcupdate.rcu_expedited=1',
].join(' ');

/** Arguments of qemu-system-x86_64, without what differs between nodes. */
export function machineArguments(options: MachineOptions): string[] {
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-name', `${options.name},process=berth-${options.name}`.replaceAll(' ', '-')],
    ...['-machine', 'pc,usb=off,vmport=off,memory-backend=ram'],
    ...processorArguments(options.accelerator),
    ...['-smp', String(options.cpus), '-m', String(options.memoryMiB)],
    ...['-object', memoryObject(options)],
    ...['-rtc', 'base=utc,clock=host', '-uuid', options.uuid, '-device', `vmgenid,guid=${options.uuid}`],
    ...['-kernel', options.kernel, '-initrd', options.initramfs, '-append', kernelCommandLine],
    ...['-blockdev', `driver=file,node-name=root-file,filename=${options.rootDisk},cache.no-flush=on,discard=unmap`],
    ...['-blockdev', 'driver=qcow2,node-name=root,file=root-file,cache.no-flush=on,discard=unmap'],
    ...['-device', 'virtio-blk-pci,drive=root,addr=0x3'],
    ...['-device', 'virtio-serial-pci,id=serial0,addr=0x4'],
    ...['-chardev', `socket,id=agent,path=${options.agentSocket},server=on,wait=off`],
    ...['-device', 'virtserialport,bus=serial0.0,chardev=agent,name=org.qemu.guest_agent.0'],
    ...['-device', 'virtio-scsi-pci,id=scsi0,addr=0x5', '-device', 'virtio-rng-pci,addr=0x6'],
    ...['-qmp', `unix:${options.qmpSocket},server=on,wait=off`],
    ...['-chardev', `file,id=console,path=${options.consoleLog},append=on`, '-serial', 'chardev:console'],
  ];
}

function processorArguments(accelerator: Accelerator): string[] {
  if (accelerator === 'kvm') return ['-accel', 'kvm', '-cpu', 'host,migratable=on'];
  // cx16=off: QEMU 7.2 emulates cmpxchg16b with wrong flags, and Linux panics. The others protect kernels and cost time when emulated.
  return [
    ...['-accel', 'tcg,thread=multi,tb-size=512'],
    ...['-cpu', 'max,cx16=off,la57=off,smap=off,smep=off,umip=off,pku=off'],
  ];
}

/** Arguments that give a machine its card, if it has one, and disks from the start (cold boot). */
export function deviceOptions(card: NetworkCard | undefined, disks: readonly Disk[]): string[] {
  const network = card && networkArguments(card);
  return [
    ...(network ? ['-netdev', keyValues(network.netdev), '-device', keyValues(network.device)] : []),
    ...disks.flatMap((disk) => [
      ...['-blockdev', JSON.stringify(blockdevArguments(disk))],
      ...['-device', keyValues(deviceArguments(disk))],
    ]),
  ];
}

/** Arguments of netdev_add and device_add for the card. */
export function networkArguments(card: NetworkCard): {
  netdev: Record<string, unknown>;
  device: Record<string, unknown>;
} {
  return {
    netdev: { type: 'tap', id: 'net0', ifname: card.tap, script: 'no', downscript: 'no' },
    device: { driver: 'virtio-net-pci', id: 'card0', netdev: 'net0', mac: card.mac, bus: 'pci.0', addr: '0x8' },
  };
}

/** A locally administered MAC address from the node's number in the bed. */
export function macAddress(index: number): string {
  return `52:54:00:90:00:${(10 + index).toString(16).padStart(2, '0')}`;
}

// QEMU's own form `driver,key=value`: it takes 64-bit numbers that JSON cannot hold.
function keyValues(values: Readonly<Record<string, unknown>>): string {
  const { driver, type, ...rest } = values;
  return [driver ?? type, ...Object.entries(rest).map(([key, value]) => `${key}=${value}`)].join(',');
}

function memoryObject({ memory, memoryMiB }: MachineOptions): string {
  const size = `${memoryMiB}M`;
  if (memory.kind === 'fresh') return `memory-backend-ram,id=ram,size=${size}`;
  const share = memory.kind === 'shared-file' ? 'on' : 'off';
  return `memory-backend-file,id=ram,size=${size},mem-path=${memory.file},share=${share}`;
}
