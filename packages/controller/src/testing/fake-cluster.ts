import { LOGICAL_VOLUME_FINALIZER, SELECTED_NODE_ANNOTATION } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { CLAIMS, CLASSES, LOGICAL_VOLUMES, NODES, PODS, VOLUMES } from '@berth/kube/resources';
import { createFakeKubeClient, type FakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '@berth/kube/types';
import { selectedNodeOf, waitsForConsumer } from '../claim.ts';
import { aClaim, aClass, aNode, aPod, failed, VOLUME } from './builders.ts';

export interface FakeClusterOptions {
  /** Nodes in the order in which the scheduler tries them. */
  readonly nodes?: readonly string[];
  /** Nodes whose agent finds no room. */
  readonly full?: readonly string[];
  readonly storageClass?: StorageClass;
}

/** What the rest of the cluster does around the controller: scheduler, PV controller and agents, one step at a time. */
export interface FakeCluster {
  readonly client: FakeKubeClient;
  /** Volumes on the disks of a node. */
  disk(node: string): ReadonlySet<string>;
  /** Everybody else does what there is to do for them. */
  step(): Promise<void>;
  claim(): Promise<PersistentVolumeClaim | undefined>;
  logicalVolume(): Promise<LogicalVolume | undefined>;
  persistentVolume(): Promise<PersistentVolume | undefined>;
}

/** A cluster with one claim, one pod that waits for it, and nodes a and b. */
export const createFakeCluster = async (options: FakeClusterOptions = {}): Promise<FakeCluster> => {
  const { nodes = ['a', 'b'], full = [], storageClass = aClass() } = options;
  const client = createFakeKubeClient();
  const disks = new Map(nodes.map((node) => [node, new Set<string>()]));
  let tries = 0;

  for (const node of nodes) await client.create(NODES, aNode(node));
  await client.create(CLASSES, storageClass);
  await client.create(PODS, aPod());
  await client.create(CLAIMS, aClaim({ selectedNode: undefined }));

  const claim = () => client.get(CLAIMS, { namespace: 'shop', name: 'data-es-0' });
  const logicalVolume = () => client.get(LOGICAL_VOLUMES, { name: VOLUME });
  const persistentVolume = () => client.get(VOLUMES, { name: VOLUME });

  const schedule = async () => {
    const waiting = await claim();
    if (!waiting || waiting.spec?.volumeName || selectedNodeOf(waiting) || !waitsForConsumer(storageClass)) return;
    const node = nodes[tries % nodes.length] ?? '';
    tries += 1;
    const patch = { metadata: { annotations: { [SELECTED_NODE_ANNOTATION]: node } } };
    await client.mergePatch(CLAIMS, { namespace: 'shop', name: 'data-es-0' }, patch);
  };

  const bind = async () => {
    const [volume, wanting] = [await persistentVolume(), await claim()];
    if (!volume) return;
    const isForClaim = wanting !== undefined && wanting.metadata?.uid === volume.spec?.claimRef?.uid;
    const phase = isForClaim ? 'Bound' : 'Released';
    if (isForClaim && wanting.metadata?.namespace && wanting.metadata.name && !wanting.spec?.volumeName) {
      const { namespace, name } = wanting.metadata;
      await client.mergePatch(CLAIMS, { namespace, name }, { spec: { volumeName: VOLUME } });
    }
    await client.mergePatch(VOLUMES, { name: VOLUME }, { status: { phase } }, { subresource: 'status' });
  };

  const serve = async () => {
    const volume = await logicalVolume();
    const node = volume?.spec.nodeName ?? '';
    const disk = disks.get(node);
    if (!volume || !disk || !(await client.get(NODES, { name: node }))) return;
    if (volume.metadata.deletionTimestamp) {
      disk.delete(VOLUME);
      const finalizers = (volume.metadata.finalizers ?? []).filter((name) => name !== LOGICAL_VOLUME_FINALIZER);
      await client.mergePatch(LOGICAL_VOLUMES, { name: VOLUME }, { metadata: { finalizers } });
    } else if (volume.status === undefined) {
      const hasRoom = !full.includes(node);
      if (hasRoom) disk.add(VOLUME);
      const status = hasRoom ? { phase: 'Ready', size: '10Gi' } : failed('ResourceExhausted', 'no room');
      await client.mergePatch(LOGICAL_VOLUMES, { name: VOLUME }, { status }, { subresource: 'status' });
    }
  };

  return {
    client,
    disk: (node) => disks.get(node) ?? new Set(),
    step: async () => {
      await schedule();
      await serve();
      await bind();
    },
    claim,
    logicalVolume,
    persistentVolume,
  };
};
