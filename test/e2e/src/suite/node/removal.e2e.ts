import type { Node } from '@berth/bed/node/node';
import { parseQuantity } from '@berth/contract/quantity';
import type { DiskStatus, NodeStorageStatus } from '@berth/contract/resources/node-storage';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Stage } from '../../demo/acts.ts';
import { readNodeStorage } from '../../storage-facts.ts';
import { nodeOf } from '../../volume-facts.ts';
import { waitUntil } from '../../wait.ts';
import { deleteClaimAndPod, oneClaimAndPod } from '../one-claim.ts';
import { holdNodes } from '../suite-bed.ts';

const NODE = 'node-2';
const MINUTES = 60_000;
const GIB = 1024 ** 3;
const SPARE = 'removal-spare';
const GROUP = 'csi-vg-ssd';

let stage: Stage;
let node: Node;
/** The node's own disk of the medium, which holds the volume at first, and the one that is plugged in beside it. */
let own: DiskStatus;
let spare: DiskStatus;
let sum: string;

const kubectl = (...args: string[]) => stage.bed.kubectl(['-n', stage.namespace, ...args]);
const leave = (...leaving: DiskStatus[]) => {
  const spec = { leaving: leaving.map(({ identity }) => identity.value) };
  return stage.bed.kubectl(['patch', 'nodestorage', node.name, '--type=merge', '-p', JSON.stringify({ spec })]);
};
const statusOf = async (): Promise<NodeStorageStatus> => (await readNodeStorage(stage.bed, NODE)) ?? {};
const disksOfGroup = async (): Promise<DiskStatus[]> =>
  ((await statusOf()).disks ?? []).filter(({ volumeGroup }) => volumeGroup === GROUP);
const capacity = async (): Promise<number> =>
  parseQuantity((await statusOf()).capacity?.[`csi.storage.io/${GROUP}`] ?? '0');

const awaitState = (disk: DiskStatus, state: DiskStatus['state']) =>
  waitUntil(
    async () => {
      const status = await statusOf();
      const found = status.disks?.find(({ identity }) => identity.value === disk.identity.value);
      return found?.state === state
        ? 'done'
        : `the disk is ${found?.state}, its removal ${JSON.stringify(status.removals)}`;
    },
    { timeoutMs: 8 * MINUTES, signal: stage.signal },
  );

/** Read from the disk, not from the node's memory. */
const checksum = async (): Promise<string> => {
  await node.exec(['sh', '-c', 'sync; echo 3 > /proc/sys/vm/drop_caches']);
  return kubectl('exec', 'one', '--', 'md5sum', '/data/large');
};

const openStage = holdNodes([NODE]);

beforeAll(async () => {
  stage = await openStage('removal');
  await stage.bed.kubectl(['-n', stage.namespace, 'apply', '-f', '-'], oneClaimAndPod('berth-ssd', NODE));
  await kubectl('wait', '--for=condition=Ready', 'pod/one', '--timeout=180s');
  await kubectl('exec', 'one', '--', 'dd', 'if=/dev/urandom', 'of=/data/large', 'bs=1M', 'count=64');
  node = nodeOf(stage.bed, NODE);
  sum = await checksum();
  const [only, ...others] = await disksOfGroup();
  if (only === undefined || others.length > 0) throw new Error(`${node.name} has not one disk in ${GROUP}`);
  own = only;
});

describe('a disk that an operator wants out', { timeout: 20 * MINUTES }, () => {
  it('stays with its numbers while the volumes on it have no other place', async () => {
    await leave(own);
    await waitUntil(
      async () => {
        const [removal] = (await statusOf()).removals ?? [];
        return removal?.phase === 'Blocked' && /0 B free/.test(removal.message)
          ? 'done'
          : `the removal is ${JSON.stringify(removal)}`;
      },
      { timeoutMs: MINUTES, signal: stage.signal },
    );
    expect(await capacity()).toBe(0);
    await leave();
    await waitUntil(async () => ((await capacity()) > 0 ? 'done' : 'the disk has not been given back'), {
      timeoutMs: MINUTES,
      signal: stage.signal,
    });
  });

  it('is emptied while the pod runs, and is not taken again', async () => {
    await node.plugDisk({ name: SPARE, medium: 'ssd', size: '4G', serial: SPARE });
    await waitUntil(
      async () => {
        const found = (await disksOfGroup()).find(({ identity }) => identity.value !== own.identity.value);
        if (found !== undefined) spare = found;
        return found === undefined ? 'the spare disk has not been taken' : 'done';
      },
      { timeoutMs: 2 * MINUTES, signal: stage.signal },
    );
    await leave(own);
    await awaitState(own, 'Removed');
    expect(await checksum()).toBe(sum);
    const size = await capacity();
    expect(size).toBeGreaterThan(3.9 * GIB);
    expect(size).toBeLessThanOrEqual(4 * GIB);
    const { stdout } = await node.exec(['lvs', '--noheadings', '-o', 'devices', GROUP]);
    expect(stdout).toContain(`${spare.path}(`);
    expect(stdout).not.toContain(`${own.path}(`);
  });

  it('is emptied all the same when its agent is killed meanwhile, and may be pulled', async () => {
    await leave(spare);
    await awaitState(own, 'Adopted');
    await waitUntil(
      async () => {
        const [removal] = (await statusOf()).removals ?? [];
        return removal?.phase === 'Moving' || removal?.phase === 'Removed'
          ? 'done'
          : `the removal is ${JSON.stringify(removal)}`;
      },
      { timeoutMs: 5 * MINUTES, signal: stage.signal },
    );
    await node.exec(['pkill', '-9', '-f', 'agent.js']);
    await awaitState(spare, 'Removed');
    await node.pullDisk(SPARE);
    expect(await checksum()).toBe(sum);
    await leave();
    expect(await capacity()).toBeGreaterThan(15 * GIB);
    await deleteClaimAndPod(stage);
  });
});
