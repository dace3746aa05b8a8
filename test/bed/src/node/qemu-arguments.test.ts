import { expect, test } from 'vitest';
import { type Disk, deviceArguments } from './disk.ts';
import { deviceOptions, type MachineOptions, macAddress, machineArguments } from './qemu-arguments.ts';

const machine: MachineOptions = {
  accelerator: 'tcg',
  name: 'n1',
  uuid: '00000000-0000-4000-8000-000000000001',
  kernel: '/c/vmlinuz',
  initramfs: '/c/initramfs',
  rootDisk: '/r/root.qcow2',
  qmpSocket: '/r/qmp.sock',
  agentSocket: '/r/agent.sock',
  consoleLog: '/l/console.log',
  memoryMiB: 2048,
  cpus: 2,
  memory: { kind: 'fresh' },
};

const disk = (medium: Disk['medium'], slot: number): Disk => ({
  name: `d${slot}`,
  medium,
  size: '1G',
  slot,
  serial: 'S1',
  file: `/r/d${slot}.raw`,
});

const valueAfter = (list: readonly string[], flag: string) => list[list.indexOf(flag) + 1];

test("a restored node maps the saved memory privately, so that nodes never see each other's writes", () => {
  const restored = machineArguments({ ...machine, memory: { kind: 'copy-of-file', file: '/c/ram' } });
  expect(valueAfter(restored, '-object')).toBe('memory-backend-file,id=ram,size=2048M,mem-path=/c/ram,share=off');
  const saved = machineArguments({ ...machine, memory: { kind: 'shared-file', file: '/c/ram' } });
  expect(valueAfter(saved, '-object')).toContain('share=on');
});

test('the processor lacks cmpxchg16b, without which Linux panics under QEMU 7.2', () => {
  expect(valueAfter(machineArguments(machine), '-cpu')).toContain('max,cx16=off');
});

test('NVMe bay 0 is PCI device 0x10, which its by-path link shows', () => {
  expect(deviceArguments(disk('nvme', 0))).toMatchObject({ driver: 'nvme', addr: '0x10', serial: 'S1' });
  expect(deviceArguments(disk('nvme', 3))).toMatchObject({ addr: '0x13' });
});

test('an hdd rotates and an ssd does not', () => {
  expect(deviceArguments(disk('hdd', 0))).toMatchObject({ driver: 'scsi-hd', rotation_rate: 7200 });
  expect(deviceArguments(disk('ssd', 0))).toMatchObject({ driver: 'scsi-hd', rotation_rate: 1 });
});

test('SCSI disks with equal serials have equal world wide names', () => {
  expect(deviceArguments(disk('ssd', 0)).wwn).toBe(deviceArguments(disk('ssd', 1)).wwn);
  expect(deviceArguments({ ...disk('ssd', 0), serial: 'S2' }).wwn).not.toBe(deviceArguments(disk('ssd', 0)).wwn);
});

test('a cold boot has the card and every disk from the start', () => {
  const options = deviceOptions({ tap: 'tap1', mac: macAddress(1) }, [disk('nvme', 0), disk('ssd', 1)]);
  expect(options.filter((option) => option === '-blockdev')).toHaveLength(2);
  expect(options.join(' ')).toContain('virtio-net-pci,id=card0,netdev=net0,mac=52:54:00:90:00:0b,bus=pci.0,addr=0x8');
  expect(options.join(' ')).toContain('scsi-hd,bus=scsi0.0,scsi-id=1,vendor=BERTH');
});
