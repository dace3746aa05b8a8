import type { Node } from '@berth/bed/node/node';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Stage } from '../../demo/acts.ts';
import { nodeOf, output } from '../../volume-facts.ts';
import { deleteClaimAndPod, oneClaimAndPod } from '../one-claim.ts';
import { holdNodes } from '../suite-bed.ts';

const NODE = 'node-3';
const SECRET = 'nobody-may-read-this-again';

const CLASS = `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: careful }
provisioner: csi.storage.io
parameters:
  csi.storage.io/disk-type: hdd
  csi.storage.k8s.io/fstype: ext4
  csi.storage.io/mkfs-options: -m 7 -N 4096
  csi.storage.io/wipe-policy: zero
volumeBindingMode: WaitForFirstConsumer
`;

let stage: Stage;
let node: Node;
/** Device of the claim's volume. */
let device: string;

const kubectl = (...args: string[]) => stage.bed.kubectl(['-n', stage.namespace, ...args]);

const onNode = async (script: string): Promise<string> => (await output(node, ['sh', '-c', script])).trim();

const startPod = async () => {
  await stage.bed.kubectl(['-n', stage.namespace, 'apply', '-f', '-'], oneClaimAndPod('careful', NODE));
  await kubectl('wait', '--for=condition=Ready', 'pod/one', '--timeout=180s');
};

const superblock = () => onNode(`dumpe2fs -h ${device} 2>/dev/null`);

const openStage = holdNodes([NODE]);

beforeAll(async () => {
  stage = await openStage('ext4');
  node = nodeOf(stage.bed, NODE);
  await stage.bed.kubectl(['apply', '-f', '-'], CLASS);
  await startPod();
  device = `/dev/csi-vg-hdd/${await kubectl('get', 'pvc', 'data', '-o', 'jsonpath={.spec.volumeName}')}`;
});

describe('a class with ext4, options for mkfs, and wiping with zeros', () => {
  it('has its file system made with these options', async () => {
    const found = await superblock();
    expect(Number(/Inode count:\s+(\d+)/.exec(found)?.[1])).toBe(4096);
    const blocks = Number(/Block count:\s+(\d+)/.exec(found)?.[1]);
    const reserved = Number(/Reserved block count:\s+(\d+)/.exec(found)?.[1]);
    expect(reserved / blocks).toBeCloseTo(0.07, 2);
  });

  it('has its file system repaired before it is mounted again, and the data stay', async () => {
    await kubectl('exec', 'one', '--', 'sh', '-c', `echo ${SECRET} > /data/secret; sync`);
    await kubectl('delete', 'pod', 'one', '--wait=true');
    await onNode(`until ! grep -q ${device.slice(-36)} /proc/mounts; do sleep 0.2; done`);
    await onNode(`debugfs -w -R 'set_super_value state 2' ${device}`);
    expect(await superblock()).toMatch(/Filesystem state:\s+(not clean )?with errors/);
    await startPod();
    expect(await superblock()).toMatch(/Filesystem state:\s+clean/);
    expect((await kubectl('exec', 'one', '--', 'cat', '/data/proof', '/data/secret')).trim()).toBe(`first\n${SECRET}`);
  });

  it('leaves nothing on the disk that anybody could read', async () => {
    const extent = await onNode(`lvs --noheadings -o devices ${device}`);
    const [, disk, first] = /(\/dev\/\w+)\((\d+)\)/.exec(extent) ?? [];
    const start = Number(await onNode(`pvs --noheadings --nosuffix --units m -o pe_start ${disk}`)) + 4 * Number(first);
    const find = () =>
      onNode(`dd if=${disk} bs=1M skip=${start} count=1024 iflag=direct status=none | grep -c ${SECRET} || true`);
    expect(Number(await find())).toBeGreaterThan(0);
    await deleteClaimAndPod(stage);
    expect(await find()).toBe('0');
    await stage.bed.kubectl(['delete', 'storageclass', 'careful']);
  });
});
