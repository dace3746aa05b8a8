import { LOGICAL_VOLUMES, NODE_STORAGES, NODES } from '@berth/kube/resources';
import { createFakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import type { Node } from '@berth/kube/types';
import { DEFAULT_WEIGHTS, type Weights } from '@berth/placement/score';
import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { expect, it, onTestFinished } from 'vitest';
import { createCaches, startCaches } from './caches.ts';
import { parseClaim } from './claim-request.ts';
import { createImmediatePlacement } from './immediate.ts';
import { aClaim, aClass, aLogicalVolume, aNode } from './testing/builders.ts';
import { AGENTS } from './testing/settings.ts';
import { createVolumePlacement } from './volume-placement.ts';

interface Disks {
  readonly node: Node;
  readonly free: string;
  readonly busyPercent?: number;
}

const group = ({ free, busyPercent }: Disks) => ({
  name: 'csi-vg-nvme',
  medium: 'nvme' as const,
  uuid: 'u',
  extentSize: '4Mi',
  size: '100Gi',
  free,
  ...(busyPercent !== undefined && { busyPercent }),
  foreign: '0',
  reserve: '0',
  physicalVolumes: [],
});

/** Places claims for 10 GiB each on a class with volumeBindingMode Immediate. */
const setUp = async (disks: readonly Disks[], weights = DEFAULT_WEIGHTS) => {
  const client = createFakeKubeClient();
  const clock = createManualClock();
  const controller = new AbortController();
  onTestFinished(() => controller.abort(new Error('stopped')));
  for (const each of disks) {
    const { node } = each;
    await client.create(NODES, node);
    await client.create(NODE_STORAGES, {
      metadata: { name: node.metadata?.name ?? '' },
      status: { groups: [group(each)] },
    });
  }
  const caches = createCaches({ agents: AGENTS, client, clock, logger: silentLogger });
  const placement = createImmediatePlacement(createVolumePlacement({ caches, weights, clock }));
  await startCaches(caches, controller.signal);
  const place = (uid: string, storageClass = aClass({ volumeBindingMode: 'Immediate' })) => {
    const claim = aClaim({ uid, selectedNode: undefined });
    return placement({ claim, storageClass, request: parseClaim(claim, storageClass) });
  };
  return { client, clock, place };
};

const cordoned = (name: string): Node => ({ ...aNode(name), spec: { unschedulable: true } });

it('chooses the node with the most room left, as the class asks by default', async () => {
  const { place } = await setUp([
    { node: aNode('a'), free: '20Gi' },
    { node: aNode('b'), free: '80Gi' },
  ]);
  expect(place('one')).toEqual({ nodeName: 'b' });
});

it('weighs room and busy disks as its settings say', async () => {
  const disks = [
    { node: aNode('roomy'), free: '80Gi', busyPercent: 90 },
    { node: aNode('idle'), free: '40Gi', busyPercent: 0 },
  ];
  const chosen = async (weights: Partial<Weights>) =>
    (await setUp(disks, { ...DEFAULT_WEIGHTS, ...weights })).place('one');
  expect(await chosen({ load: 0 })).toEqual({ nodeName: 'roomy' });
  expect(await chosen({ room: 0 })).toEqual({ nodeName: 'idle' });
});

it('does not give the same room to two claims before the first volume shows (trap 68)', async () => {
  const { place } = await setUp([{ node: aNode('a'), free: '15Gi' }]);
  expect(place('one')).toEqual({ nodeName: 'a' });
  expect(place('two')).toEqual({
    reason:
      'No node has room for shop/data-es-0: a: nvme: needs 10 GiB, 15 GiB free of 100 GiB; 10 GiB held for shop/data-es-0',
  });
});

it('gives the same claim the same answer again', async () => {
  const { place } = await setUp([{ node: aNode('a'), free: '15Gi' }]);
  expect(place('one')).toEqual(place('one'));
});

it('counts a volume once: as a hold until it exists, as an object from then on (trap 73)', async () => {
  const { client, clock, place } = await setUp([{ node: aNode('a'), free: '100Gi' }]);
  for (let index = 0; index < 9; index += 1) {
    expect(place(`claim-${index}`)).toEqual({ nodeName: 'a' });
    const volume = aLogicalVolume({ claimUid: `claim-${index}` });
    await client.create(LOGICAL_VOLUMES, { ...volume, metadata: { ...volume.metadata, name: `pvc-claim-${index}` } });
    await clock.advance(1);
  }
  expect(place('tenth')).toEqual({ nodeName: 'a' });
  expect(place('eleventh')).toHaveProperty('reason');
});

it('leaves out nodes that take no pods', async () => {
  const { place } = await setUp([{ node: cordoned('a'), free: '80Gi' }]);
  expect(place('one')).toEqual({
    reason: 'No node has room for shop/data-es-0: no node that takes pods has reported its disks',
  });
});

it('refuses allowedTopologies rather than ignore them', async () => {
  const { place } = await setUp([{ node: aNode('a'), free: '80Gi' }]);
  const storageClass = aClass({ volumeBindingMode: 'Immediate', allowedTopologies: [{}] });
  expect(place('one', storageClass)).toHaveProperty('reason', expect.stringContaining('allowedTopologies'));
});
