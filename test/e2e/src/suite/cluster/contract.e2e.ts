import type { Bed } from '@berth/bed/bed';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { KubeClient } from '@berth/kube/client';
import { connectKube } from '@berth/kube/connect';
import { LOGICAL_VOLUMES, NODE_STORAGES } from '@berth/kube/resources';
import { describeKubeClient } from '@berth/kube/testing/kube-client-behaviour';
import { systemClock } from '@berth/runtime/clock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { holdNodes, openSuiteBed } from '../suite-bed.ts';

let bed: Bed;
let client: KubeClient;

holdNodes();

beforeAll(async () => {
  bed = await openSuiteBed();
  client = await connectKube(bed.kubeconfig, systemClock);
});

afterAll(async () => {
  for (const resource of [LOGICAL_VOLUMES, NODE_STORAGES]) {
    const { items } = await client.list(resource as typeof LOGICAL_VOLUMES);
    for (const { metadata } of items.filter((item) => item.metadata.name.startsWith('behaviour-'))) {
      await client.delete(resource, metadata);
    }
  }
});

describeKubeClient('a real API server', async () => client);

const volume: LogicalVolume = {
  metadata: { name: 'behaviour-rules' },
  spec: {
    nodeName: 'nowhere',
    medium: 'nvme',
    size: '1Gi',
    volumeMode: 'Filesystem',
    claim: { namespace: 'default', name: 'data', uid: 'u' },
  },
};

describe('the API server', () => {
  it('refuses a logical volume that says nonsense', async () => {
    const wrong = { ...volume, spec: { ...volume.spec, medium: 'tape', size: 'much' } } as unknown as LogicalVolume;
    await expect(client.create(LOGICAL_VOLUMES, wrong)).rejects.toMatchObject({
      code: 'InvalidArgument',
      message: expect.stringMatching(/spec\.medium.*tape[\s\S]*|spec\.size/),
    });
  });

  it('refuses to move a logical volume to another node', async () => {
    const { metadata } = await client.create(LOGICAL_VOLUMES, volume);
    await expect(client.mergePatch(LOGICAL_VOLUMES, metadata, { spec: { nodeName: 'node-2' } })).rejects.toMatchObject({
      message: expect.stringContaining('never change'),
    });
  });

  it("lets an agent write its own node's objects and no other's", async () => {
    const asAgentOf = (node: string) => [
      '--as=system:serviceaccount:berth-system:berth-agent',
      `--as-user-extra=authentication.kubernetes.io/node-name=${node}`,
    ];
    const label = (node: string, own: string) =>
      bed.kubectl(['label', 'nodestorage', node, 'berth-test=1', '--overwrite', ...asAgentOf(own)]);
    await expect(label('node-2', 'node-1')).rejects.toThrow(
      'the agent of node "node-1" may not write what belongs to node "node-2"',
    );
    await expect(label('node-1', 'node-1')).resolves.toBeTruthy();
    const tokenless = bed.kubectl([
      'label',
      'nodestorage',
      'node-1',
      'berth-test=2',
      '--overwrite',
      ...asAgentOf('').slice(0, 1),
    ]);
    await expect(tokenless).rejects.toThrow('may not write');
    await bed.kubectl(['label', 'nodestorage', 'node-1', 'berth-test-']);
  });
});
