import { CAPACITIES, CLASSES, LOGICAL_VOLUMES, NODE_STORAGES, PODS } from '@berth/kube/resources';
import { createFakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { createMetrics } from '@berth/runtime/metrics';
import { expect, it, onTestFinished } from 'vitest';
import { createCaches, startCaches } from '../caches.ts';
import { runController } from '../controller.ts';
import { aClass, aLogicalVolume } from '../testing/builders.ts';
import { AGENTS, SETTINGS } from '../testing/settings.ts';

const storageOf = (name: string, free: string, problem?: string) => {
  const sizes = { extentSize: '4Mi', size: '100Gi', free, foreign: '0', reserve: '0' };
  const group = { name: 'csi-vg-nvme', medium: 'nvme' as const, uuid: 'u', ...sizes, physicalVolumes: [] };
  return { metadata: { name, uid: `uid-of-${name}` }, status: { groups: [{ ...group, ...(problem && { problem }) }] } };
};

const setUp = async (nodes: readonly ReturnType<typeof storageOf>[], classes = [aClass()]) => {
  const client = createFakeKubeClient();
  for (const storageClass of classes) await client.create(CLASSES, storageClass);
  for (const storage of nodes) await client.create(NODE_STORAGES, storage);
  const clock = createManualClock();
  const controller = new AbortController();
  onTestFinished(() => controller.abort(new Error('stopped')));
  const base = { client, clock, logger: silentLogger };
  const caches = createCaches({ ...base, agents: AGENTS });
  await startCaches(caches, controller.signal);
  const rest = { events: { record: () => {} }, place: () => ({ reason: 'no' }), metrics: createMetrics() };
  void runController({ ...base, ...rest, ...SETTINGS, caches }, controller.signal);
  await clock.advance(500);
  const told = async () =>
    (await client.list(CAPACITIES)).items
      .map(({ nodeTopology, storageClassName, capacity }) =>
        [nodeTopology?.matchLabels?.['topology.csi.storage.io/node'], storageClassName, capacity].join(' '),
      )
      .sort();
  const writes = () => client.calls.filter((call) => /^(POST|PATCH|DELETE).*csistoragecapacities/.test(call)).length;
  return { client, clock, told, writes };
};

const report = async (client: ReturnType<typeof createFakeKubeClient>, storage: ReturnType<typeof storageOf>) =>
  client.mergePatch(NODE_STORAGES, storage.metadata, { status: storage.status }, { subresource: 'status' });

it('tells the scheduler of the room of every class on every node that has its medium', async () => {
  const slow = aClass({ metadata: { name: 'slow' }, parameters: { 'csi.storage.io/disk-type': 'hdd' } });
  const others = aClass({ metadata: { name: 'other' }, provisioner: 'other.example' });
  const broken = aClass({ metadata: { name: 'broken' }, parameters: {} });
  const { told } = await setUp([storageOf('a', '80Gi'), storageOf('b', '0')], [aClass(), slow, others, broken]);
  expect(await told()).toEqual(['a fast 80Gi', 'b fast 0']);
});

it('tells of the largest volume of a layout, which has to find room on several disks', async () => {
  const laid = (name: string, parameters: Record<string, string>) =>
    aClass({ metadata: { name }, parameters: { 'csi.storage.io/disk-type': 'nvme', ...parameters } });
  const classes = [
    laid('safe', { 'csi.storage.io/layout': 'raid1' }),
    laid('quick', { 'csi.storage.io/layout': 'striped' }),
    laid('quicker', { 'csi.storage.io/layout': 'striped', 'csi.storage.io/stripes': '3' }),
  ];
  const [old, now] = [storageOf('old', '80Gi'), storageOf('now', '80Gi')];
  const [group] = now.status.groups;
  const told = { ...now, status: { groups: group ? [{ ...group, diskFree: ['50Gi', '20Gi', '10Gi'] }] : [] } };
  expect(await (await setUp([old, told], classes)).told()).toEqual([
    'now quick 40Gi',
    'now quicker 30Gi',
    `now safe ${20 * 1024 - 4}Mi`,
    ...['old quick 0', 'old quicker 0', 'old safe 0'],
  ]);
});

it('promises nothing where no volume can be made', async () => {
  const { told } = await setUp([storageOf('a', '80Gi', 'a disk is missing')]);
  expect(await told()).toEqual(['a fast 0']);
});

it('counts a volume that is not on disk yet, and cuts to whole extents', async () => {
  const { client, clock, told } = await setUp([storageOf('a', '100Gi')]);
  await client.create(LOGICAL_VOLUMES, aLogicalVolume());
  await clock.advance(500);
  expect(await told()).toEqual(['a fast 90Gi']);
  await report(client, storageOf('a', '6145Ki'));
  await clock.advance(500);
  expect(await told()).toEqual(['a fast 4Mi']);
});

it('writes nothing when the room is the same', async () => {
  const { client, clock, writes } = await setUp([storageOf('a', '80Gi')]);
  const before = writes();
  await client.mergePatch(NODE_STORAGES, { name: 'a' }, { metadata: { labels: { seen: 'again' } } });
  await clock.advance(5_000);
  expect(writes()).toBe(before);
});

it('makes again what somebody deleted, and removes what is about a class that is gone', async () => {
  const { client, clock, told } = await setUp([storageOf('a', '80Gi')]);
  const [object] = (await client.list(CAPACITIES)).items;
  await client.delete(CAPACITIES, { namespace: 'berth-system', name: object?.metadata?.name ?? '' });
  await clock.advance(500);
  expect(await told()).toEqual(['a fast 80Gi']);
  await client.delete(CLASSES, { name: 'fast' });
  await clock.advance(500);
  expect(await told()).toEqual([]);
});

it('goes with the node: its objects belong to the report', async () => {
  const { client } = await setUp([storageOf('a', '80Gi')]);
  const [object] = (await client.list(CAPACITIES)).items;
  expect(object?.metadata?.ownerReferences).toEqual([
    { apiVersion: 'csi.storage.io/v1alpha1', kind: 'NodeStorage', name: 'a', uid: 'uid-of-a' },
  ]);
});

it('costs one write for one volume among many nodes', async () => {
  const nodes = Array.from({ length: 300 }, (_, index) => storageOf(`node-${index}`, '100Gi'));
  const { client, clock, writes } = await setUp(nodes);
  expect(writes()).toBe(300);
  await client.create(LOGICAL_VOLUMES, aLogicalVolume({ nodeName: 'node-7' }));
  await clock.advance(5_000);
  expect(writes()).toBe(301);
});

it('tells of no room where the agent has not been ready for long, and of all of it once it is', async () => {
  const { client, clock, told } = await setUp([storageOf('a', '80Gi')]);
  const pod = { namespace: 'berth-system', name: 'berth-agent-x' };
  const readiness = (status: 'True' | 'False') => ({
    conditions: [{ type: 'Ready', status, lastTransitionTime: clock.now().toISOString() }],
  });
  const labels = { 'app.kubernetes.io/name': 'berth', 'app.kubernetes.io/component': 'agent' };
  const spec = { nodeName: 'a', containers: [] };
  await client.create(PODS, { metadata: { ...pod, labels }, spec, status: readiness('False') });
  await clock.advance(60_000);
  expect(await told()).toEqual(['a fast 80Gi']);
  await clock.advance(300_000);
  expect(await told()).toEqual(['a fast 0']);
  await client.mergePatch(PODS, pod, { status: readiness('True') }, { subresource: 'status' });
  await clock.advance(1_000);
  expect(await told()).toEqual(['a fast 80Gi']);
});
