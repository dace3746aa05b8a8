import { setTimeout as delay } from 'node:timers/promises';
import { blockdevArguments, blockNodeName, type Disk, deviceArguments, deviceId } from './disk.ts';
import { type NetworkCard, networkArguments } from './qemu-arguments.ts';
import type { Qmp } from './qmp.ts';

// A guest that is busy or still booting may take long to let go of a device.
const unplugPatienceMs = 120_000;

/** Plugs a disk into a running machine. */
export async function plugDiskIn(qmp: Qmp, disk: Disk): Promise<void> {
  await qmp.execute('blockdev-add', blockdevArguments(disk));
  try {
    await qmp.execute('device_add', deviceArguments(disk));
  } catch (error) {
    await qmp.execute('blockdev-del', { 'node-name': blockNodeName(disk) });
    throw error;
  }
}

/** Pulls a disk out of a running machine and waits until the guest has let go of it. */
export async function pullDiskOut(qmp: Qmp, disk: Disk): Promise<void> {
  const id = deviceId(disk);
  await qmp.execute('device_del', { id });
  const outcome = await Promise.race([
    qmp.event('DEVICE_DELETED', (data) => data.device === id).then(() => 'out' as const),
    delay(unplugPatienceMs, 'stuck' as const),
  ]);
  if (outcome === 'stuck')
    throw new Error(`the guest did not let go of disk ${disk.name} within ${unplugPatienceMs} ms`);
  await qmp.execute('blockdev-del', { 'node-name': blockNodeName(disk) });
}

/** Makes the image of a plugged disk larger and tells the machine. Bytes. */
export async function growDiskTo(qmp: Qmp, disk: Disk, bytes: number): Promise<void> {
  await qmp.execute('block_resize', { 'node-name': blockNodeName(disk), size: bytes });
}

/** Plugs the network card into a running machine. */
export async function plugCardIn(qmp: Qmp, card: NetworkCard): Promise<void> {
  const { netdev, device } = networkArguments(card);
  await qmp.execute('netdev_add', netdev);
  await qmp.execute('device_add', device);
}
