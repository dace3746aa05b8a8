import { hasCode } from '@berth/contract/errors';
import { DRIVER_NAME, TOPOLOGY_KEY } from '@berth/contract/names';
import type { KubeClient } from '@berth/kube/client';
import { LEASES, NODES } from '@berth/kube/resources';
import type { Node } from '@berth/kube/types';
import { CSI_NODES } from '../resources.ts';

export interface NodeIdentity {
  readonly name: string;
  readonly rack: string;
}

const CAPACITY = { cpu: '16', memory: '64Gi', pods: '100' };
const LEASE_NAMESPACE = 'kube-node-lease';

/** Makes what kubelet makes when it joins, or says that the node is back. Repeatable. */
export const registerNode = async (client: KubeClient, { name, rack }: NodeIdentity): Promise<void> => {
  const labels = {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'topology.kubernetes.io/rack': rack,
    [TOPOLOGY_KEY]: name,
  };
  const status: Node['status'] = { allocatable: CAPACITY, capacity: CAPACITY, conditions: [ready('True')] };
  await unlessPresent(client.create(NODES, { metadata: { name, labels }, status }));
  const node = await setNodeReady(client, name, 'True');
  const owner = { apiVersion: 'v1', kind: 'Node', name, uid: node.metadata?.uid ?? '' };
  const drivers = [{ name: DRIVER_NAME, nodeID: name, topologyKeys: [TOPOLOGY_KEY] }];
  await unlessPresent(client.create(CSI_NODES, { metadata: { name, ownerReferences: [owner] }, spec: { drivers } }));
  const lease = { metadata: { name, namespace: LEASE_NAMESPACE, ownerReferences: [owner] } };
  await unlessPresent(client.create(LEASES, { ...lease, spec: { holderIdentity: name, leaseDurationSeconds: 40 } }));
  await renewLease(client, name);
};

/** Says that the node lives, and that it is ready should somebody have doubted it. */
export const sayAlive = async (client: KubeClient, name: string): Promise<void> => {
  await renewLease(client, name);
  const node = await client.get(NODES, { name });
  const isReady = node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  if (node !== undefined && !isReady) await setNodeReady(client, name, 'True');
};

/** Without it the controller manager calls it lost after half a minute. */
export const renewLease = (client: KubeClient, name: string): Promise<unknown> => {
  const renewTime = new Date().toISOString().replace('Z', '000Z');
  return client.mergePatch(LEASES, { name, namespace: LEASE_NAMESPACE }, { spec: { renewTime } });
};

export const setNodeReady = (client: KubeClient, name: string, status: 'True' | 'Unknown'): Promise<Node> =>
  client.mergePatch(NODES, { name }, { status: { conditions: [ready(status)] } }, { subresource: 'status' });

const ready = (status: 'True' | 'Unknown') => {
  const now = new Date().toISOString();
  return { type: 'Ready', status, reason: 'Played', lastHeartbeatTime: now, lastTransitionTime: now };
};

const unlessPresent = async (created: Promise<unknown>): Promise<void> => {
  await created.catch((thrown: unknown) => {
    if (!hasCode(thrown, 'AlreadyExists')) throw thrown;
  });
};
