import { SELECTED_NODE_ANNOTATION } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { CLAIMS, CLASSES, LOGICAL_VOLUMES, NODES, PODS, VOLUMES } from '@berth/kube/resources';
import { createFakeKubeClient, type FakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '@berth/kube/types';
import { selectedNodeOf, waitsForConsumer } from '../claim.ts';
import { aClaim, aClass, aNode, aPod, VOLUME } from './builders.ts';
import { createFakeAgents, type FakeAgentOptions } from './fake-agents.ts';

export interface FakeClusterOptions extends FakeAgentOptions {
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
  const { nodes = ['a', 'b'], storageClass = aClass() } = options;
  const client = createFakeKubeClient();
  const agents = createFakeAgents(client, options);
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
    // The PV controller binds nothing to a volume that is going away.
    if (isForClaim && !wanting.spec?.volumeName && volume.metadata?.deletionTimestamp) return;
    const phase = isForClaim ? 'Bound' : 'Released';
    if (isForClaim && wanting.metadata?.namespace && wanting.metadata.name && !wanting.spec?.volumeName) {
      const { namespace, name } = wanting.metadata;
      await client.mergePatch(CLAIMS, { namespace, name }, { spec: { volumeName: VOLUME } });
      const status = { phase: 'Bound', capacity: volume.spec?.capacity };
      await client.mergePatch(CLAIMS, { namespace, name }, { status }, { subresource: 'status' });
    }
    await client.mergePatch(VOLUMES, { name: VOLUME }, { status: { phase } }, { subresource: 'status' });
  };

  /** Kubelet, as node_expander.go has it. */
  const growFileSystem = async () => {
    const [grown, volume] = [await claim(), await persistentVolume()];
    if (grown?.status?.allocatedResourceStatuses?.storage !== 'NodeResizePending') return;
    const { namespace = '', name = '' } = grown.metadata ?? {};
    const status = { capacity: volume?.spec?.capacity, allocatedResourceStatuses: null, conditions: [] };
    await client.mergePatch(CLAIMS, { namespace, name }, { status }, { subresource: 'status' });
  };

  return {
    client,
    disk: agents.disk,
    step: async () => {
      await schedule();
      await agents.step();
      await bind();
      await growFileSystem();
    },
    claim,
    logicalVolume,
    persistentVolume,
  };
};
