import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node } from '@berth/bed/node/node';
import { run } from '@berth/bed/process/spawn';
import type { Medium } from '@berth/contract/medium';
import { capacityKey } from '@berth/contract/names';
import { parseQuantity } from '@berth/contract/quantity';
import type { DiskStatus } from '@berth/contract/resources/node-storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stage } from '../../demo/acts.ts';
import { readNodeStorage } from '../../storage-facts.ts';
import { nodeOf } from '../../volume-facts.ts';
import { waitUntil } from '../../wait.ts';
import { holdNodes } from '../suite-bed.ts';

const NODE = 'node-2';

let stage: Stage;
let node: Node;
let directory: string;

const statusOf = () => readNodeStorage(stage.bed, NODE);

/**
 * The NVMe disk with this serial number, which is in its World Wide Name in hexadecimal, once it is in this state, for such a reason:
 * at first it may be refused because udev has not dealt with it yet.
 */
const awaitDisk = async (
  serial: string,
  state: DiskStatus['state'] | 'forgotten',
  reason = /^/,
): Promise<DiskStatus | undefined> => {
  let found: DiskStatus | undefined;
  await waitUntil(
    async () => {
      const disks = (await statusOf())?.disks ?? [];
      found = disks.find(({ identity }) => identity.value.includes(Buffer.from(serial).toString('hex')));
      const isSo = (found?.state ?? 'forgotten') === state && reason.test(found?.reason ?? '');
      return isSo ? 'done' : `disk ${serial} is ${found?.state}: ${found?.reason}`;
    },
    // A slow look at all disks comes once a minute; what is noticed at once comes well before.
    { timeoutMs: 50_000, signal: stage.signal },
  );
  return found;
};

const ask = (spec: object) =>
  stage.bed.kubectl(['patch', 'nodestorage', NODE, '--type=merge', '-p', JSON.stringify({ spec })]);

/** Returns when so much of the group of a medium can be allocated. */
const isAllocatable = (medium: Medium, quantity: string) =>
  waitUntil(
    async () => {
      const left = (await statusOf())?.allocatable?.[capacityKey(medium)];
      return left === quantity ? 'done' : `${left} of the group can be allocated, not ${quantity}`;
    },
    // The first look at the health of disks comes a minute after the agent.
    { timeoutMs: 90_000, signal: stage.signal },
  );

/** Bit of an NVMe disk's critical warning: its reliability is degraded. */
const WORN = 0x04;

const openStage = holdNodes([NODE]);

beforeAll(async () => {
  stage = await openStage('disks');
  node = nodeOf(stage.bed, NODE);
  directory = await mkdtemp(join(tmpdir(), 'disks-'));
});

afterAll(() => rm(directory, { recursive: true }));

describe('a disk that is plugged in while the node runs', () => {
  it('is taken when it is blank', async () => {
    await node.plugDisk({ name: 'late', medium: 'nvme', size: '1G', serial: 'late-blank' });
    expect(await awaitDisk('late-blank', 'Adopted')).toMatchObject({ medium: 'nvme' });
  });

  it('is refused with a sentence when it holds a file system, and taken once an operator has it wiped', async () => {
    const image = join(directory, 'used.raw');
    await run('truncate', ['-s', '1G', image]);
    await run('mkfs.ext4', ['-q', '-F', image]);
    await node.plugDisk({ name: 'used', medium: 'nvme', size: '1G', serial: 'late-used', copyOf: image });
    const refused = await awaitDisk('late-used', 'Refused', /ext4/);
    await ask({ wipe: [refused?.identity.value] });
    await awaitDisk('late-used', 'Adopted');
  });

  it('is refused with a sentence when it is the volume of a RAID controller, whatever it says of its rotation', async () => {
    const saysItIs = { vendor: 'AVAGO', model: 'MR9361-8i' };
    await node.plugDisk({ name: 'raid', medium: 'hdd', size: '1G', serial: 'late-raid', saysItIs });
    await waitUntil(
      async () => {
        const disks = (await statusOf())?.disks ?? [];
        const { state, reason } = disks.find(({ model }) => model === saysItIs.model) ?? {};
        return state === 'Refused' && reason?.includes('mediumRules') ? 'done' : `it is ${state}: ${reason}`;
      },
      { timeoutMs: 50_000, signal: stage.signal },
    );
    await node.pullDisk('raid');
  });

  it('takes its group out of placement when it says that it fails, and when it is pulled, until an operator lets go of it', async () => {
    const before = (await statusOf())?.allocatable?.[capacityKey('nvme')] ?? '';
    await node.plugDisk({ name: 'worn', medium: 'nvme', size: '1G', serial: 'late-worn', criticalWarning: WORN });
    await awaitDisk('late-worn', 'Adopted');
    await isAllocatable('nvme', '0');
    const { health } = (await awaitDisk('late-worn', 'Adopted')) ?? {};
    expect(health).toMatchObject({ state: 'Failing', smart: 'Failed', reason: 'its reliability is degraded' });
    await node.pullDisk('worn');
    const missing = await awaitDisk('late-worn', 'Missing');
    await isAllocatable('nvme', '0');
    await node.exec(['vgreduce', '--removemissing', 'csi-vg-nvme']);
    await ask({ forget: [missing?.identity.value] });
    await awaitDisk('late-worn', 'forgotten');
    await isAllocatable('nvme', before);
  });
});

describe('a disk that grows while the node runs', () => {
  it('gives its group the room', async () => {
    const capacity = async () => parseQuantity((await statusOf())?.capacity?.[capacityKey('ssd')] ?? '0');
    const before = await capacity();
    await node.growDisk('ssd-0', '17G');
    await waitUntil(
      async () => {
        const more = (await capacity()) - before;
        return more === 1024 ** 3 ? 'done' : `the group has ${more} bytes more`;
      },
      { timeoutMs: 60_000, signal: stage.signal },
    );
  });
});
