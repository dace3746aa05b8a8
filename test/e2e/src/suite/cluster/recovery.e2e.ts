import { capacityKey } from '@berth/contract/names';
import { parseQuantity } from '@berth/contract/quantity';
import { beforeAll, describe, expect, it } from 'vitest';
import { isRunning, list } from '../../api.ts';
import type { Stage } from '../../demo/acts.ts';
import { replaceController } from '../../deploy-berth.ts';
import { logicalVolumes, nodeOf } from '../../volume-facts.ts';
import { awaitNothingLeft } from '../one-claim.ts';
import { holdNodes, suiteContext, waitingOn } from '../suite-bed.ts';

const MINUTES = 60_000;
const MEMBERS = 3;

/** A class that lets volumes of lost nodes go, and a set of three that uses it. */
const CLASS_AND_SET = `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: replaceable }
provisioner: csi.storage.io
parameters:
  csi.storage.io/disk-type: nvme
  csi.storage.io/recovery: node-deleted
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: kept-thrice }
spec:
  serviceName: kept-thrice
  replicas: ${MEMBERS}
  podManagementPolicy: Parallel
  selector: { matchLabels: &labels { es-cluster-name: kept-thrice } }
  template:
    metadata: { labels: *labels }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
          image: registry.bed:5000/busybox:1
          command: [sh, -c, 'test -f /data/proof || hostname > /data/proof; sleep infinity']
          volumeMounts: [{ name: data, mountPath: /data }]
  volumeClaimTemplates:
    - metadata: { name: data }
      spec:
        accessModes: [ReadWriteOnce]
        storageClassName: replaceable
        resources: { requests: { storage: 1Gi } }
`;

let stage: Stage;

const kubectl = (...args: string[]) => stage.bed.kubectl(['-n', stage.namespace, ...args]);
const waitFor = waitingOn(() => stage);

const members = () => list(stage.bed, 'pods', '-n', stage.namespace);

const awaitMembers = (timeoutMs: number) =>
  waitFor(async () => {
    const running = (await members()).filter(isRunning).length;
    return running === MEMBERS ? 'done' : `${running} of ${MEMBERS} members run`;
  }, timeoutMs);

/** Volume of the first member's claim. */
const volumeOfFirst = async () => {
  const claims = await list(stage.bed, 'persistentvolumeclaims', '-n', stage.namespace);
  return claims.find(({ metadata }) => metadata.name === 'data-kept-thrice-0')?.spec.volumeName ?? '';
};

const nodeOfFirst = async () =>
  (await members()).find(({ metadata }) => metadata.name === 'kept-thrice-0')?.spec.nodeName ?? '';

/** Bytes that volumes can have of each node's NVMe disks, as it says. */
const room = async () =>
  new Map(
    (await list(stage.bed, 'nodestorages')).map(({ metadata, status }) => [
      metadata.name,
      parseQuantity(status?.allocatable?.[capacityKey('nvme')] ?? '0'),
    ]),
  );
/** Before there were volumes; a node may still have been about to tell that earlier ones are gone. */
let roomAtFirst: Awaited<ReturnType<typeof room>>;

const openStage = holdNodes();

beforeAll(async () => {
  stage = await openStage('recovery');
  roomAtFirst = await room();
  await stage.bed.kubectl(['-n', stage.namespace, 'apply', '-f', '-'], CLASS_AND_SET);
  await awaitMembers(3 * MINUTES);
});

describe('a member whose node is out of service', () => {
  let lostNode: string;
  let lostVolume: string;

  it('starts again on another node with a new volume, also when the controller is killed meanwhile', async () => {
    lostNode = await nodeOfFirst();
    lostVolume = await volumeOfFirst();
    await nodeOf(stage.bed, lostNode).powerCut();
    await kubectl('wait', '--for=condition=Ready=Unknown', `node/${lostNode}`, '--timeout=120s');
    await kubectl('taint', 'node', lostNode, 'node.kubernetes.io/out-of-service=nodeshutdown:NoExecute');
    await replaceController(suiteContext(stage.bed));
    await awaitMembers(4 * MINUTES);
    expect(await nodeOfFirst()).not.toBe(lostNode);
    expect(await volumeOfFirst()).not.toBe(lostVolume);
  });

  it('leaves a record that says why', async () => {
    const records = await list(stage.bed, 'volumerecoveries');
    expect(records).toHaveLength(1);
    expect(records[0]?.spec.reason).toMatch(/marked as out of service.*all 2 other members are ready/);
  });

  it('has its old volume removed when the node is back, and the room is there again', {
    timeout: 8 * MINUTES,
  }, async () => {
    const node = nodeOf(stage.bed, lostNode);
    await node.boot();
    await kubectl('wait', '--for=condition=Ready', `node/${lostNode}`, '--timeout=180s');
    await kubectl('taint', 'node', lostNode, 'node.kubernetes.io/out-of-service-');
    await waitFor(async () => {
      const left = (await logicalVolumes(node)).map(({ lv_name }) => lv_name);
      return left.includes(lostVolume) ? `${lostVolume} is still on ${lostNode}` : 'done';
    }, 4 * MINUTES);
    const first = roomAtFirst.get(lostNode) ?? 0;
    expect(first).toBeGreaterThan(0);
    await waitFor(async () => {
      const now = (await room()).get(lostNode) ?? 0;
      return now >= first ? 'done' : `${now} of ${first} bytes of ${lostNode} can be allocated`;
    });
  });
});

describe('a node that is to be removed', () => {
  let crowded: string;

  it('loses its members one by one, each only while the others run', { timeout: 8 * MINUTES }, async () => {
    // Two members share a node since one was lost.
    const nodes = (await members()).map(({ spec }) => spec.nodeName ?? '');
    crowded = nodes.find((node, at) => nodes.indexOf(node) !== at) ?? '';
    expect(crowded).not.toBe('');
    await kubectl('cordon', crowded);
    await kubectl('annotate', 'node', crowded, 'csi.storage.io/remove-node=true');
    let fewest = MEMBERS;
    await waitFor(async () => {
      const pods = await members();
      const running = pods.filter(isRunning);
      fewest = Math.min(fewest, running.length);
      const there = pods.filter(({ spec }) => spec.nodeName === crowded).length;
      return running.length === MEMBERS && there === 0
        ? 'done'
        : `${running.length} members run, ${there} on ${crowded}`;
    }, 7 * MINUTES);
    expect(fewest).toBe(MEMBERS - 1);
  });

  it('is empty then, and may be used again', async () => {
    await waitFor(async () => {
      const left = await logicalVolumes(nodeOf(stage.bed, crowded));
      return left.length === 0 ? 'done' : `${left.length} logical volumes are still on ${crowded}`;
    }, 4 * MINUTES);
    await kubectl('annotate', 'node', crowded, 'csi.storage.io/remove-node-');
    await kubectl('uncordon', crowded);
  });
});

describe('the set', () => {
  it('leaves nothing when it is deleted with its claims', async () => {
    await kubectl('delete', 'statefulset', 'kept-thrice', '--wait=true');
    await kubectl('delete', 'pvc', '--all', '--wait=true');
    await awaitNothingLeft(stage);
    await kubectl('delete', 'storageclass', 'replaceable');
    await kubectl('delete', 'volumerecoveries', '--all');
  });
});
