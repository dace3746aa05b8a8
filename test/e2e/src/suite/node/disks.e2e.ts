import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node } from '@berth/bed/node/node';
import { run } from '@berth/bed/process/spawn';
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

/** The NVMe disk with this serial number, which is in its World Wide Name in hexadecimal, once it is in this state. */
const awaitDisk = async (serial: string, state: DiskStatus['state'] | 'forgotten'): Promise<DiskStatus | undefined> => {
  let found: DiskStatus | undefined;
  await waitUntil(
    async () => {
      const disks = (await statusOf())?.disks ?? [];
      found = disks.find(({ identity }) => identity.value.includes(Buffer.from(serial).toString('hex')));
      return (found?.state ?? 'forgotten') === state ? 'done' : `disk ${serial} is ${found?.state}: ${found?.reason}`;
    },
    // A slow look at all disks comes once a minute; what is noticed at once comes well before.
    { timeoutMs: 50_000, signal: stage.signal },
  );
  return found;
};

const ask = (spec: object) =>
  stage.bed.kubectl(['patch', 'nodestorage', NODE, '--type=merge', '-p', JSON.stringify({ spec })]);

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
    const refused = await awaitDisk('late-used', 'Refused');
    expect(refused?.reason).toMatch(/ext4/);
    await ask({ wipe: [refused?.identity.value] });
    await awaitDisk('late-used', 'Adopted');
  });

  it('takes its group out of placement when it is pulled, until an operator lets go of it', async () => {
    await node.pullDisk('late');
    const missing = await awaitDisk('late-blank', 'Missing');
    await waitUntil(
      async () => {
        const left = (await statusOf())?.allocatable?.['csi-vg-nvme'];
        return left === undefined || left === '0' ? 'done' : `${left} of the group can still be allocated`;
      },
      { timeoutMs: 30_000, signal: stage.signal },
    );
    await node.exec(['vgreduce', '--removemissing', 'csi-vg-nvme']);
    await ask({ forget: [missing?.identity.value] });
    await awaitDisk('late-blank', 'forgotten');
  });
});
