import { CLAIMS, LOGICAL_VOLUMES, NODE_STORAGES, NODES, PODS } from '@berth/kube/resources';
import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { createMetrics } from '@berth/runtime/metrics';
import { afterEach, describe, expect, it } from 'vitest';
import { createCaches, startCaches } from './caches.ts';
import type { PlaceClaim } from './claim-plan.ts';
import { runController } from './controller.ts';
import { ORPHANED_SINCE } from './mark.ts';
import { aClass, aLogicalVolume, VOLUME } from './testing/builders.ts';
import { createFakeCluster, type FakeCluster, type FakeClusterOptions } from './testing/fake-cluster.ts';
import { AGENTS, SETTINGS } from './testing/settings.ts';

const MY_CLAIM = { namespace: 'shop', name: 'data-es-0' };
const NOWHERE: PlaceClaim = () => ({ reason: 'no room' });
const stopped = new Set<AbortController>();

afterEach(() => {
  for (const controller of stopped) controller.abort(new Error('stopped'));
  stopped.clear();
});

/** Runs the whole controller; only changes wake it, because the clock stands still and no resync comes. */
const startAll = async (options: FakeClusterOptions = {}, place: PlaceClaim = NOWHERE) => {
  const cluster = await createFakeCluster(options);
  const clock = createManualClock();
  const metrics = createMetrics();
  const controller = new AbortController();
  stopped.add(controller);
  const { signal } = controller;
  const base = { client: cluster.client, clock, logger: silentLogger };
  const caches = createCaches({ ...base, agents: AGENTS });
  await startCaches(caches, signal);
  const told: string[] = [];
  const record = (_: object, { reason, message }: { reason: string; message: string }) =>
    void told.push(`${reason}: ${message}`);
  const events = { record };
  const run = (term: AbortSignal) => runController({ ...base, ...SETTINGS, caches, events, place, metrics }, term);
  const first = new AbortController();
  const ended = run(AbortSignal.any([signal, first.signal]));
  const endTerm = async () => {
    first.abort(new Error('the lease was lost'));
    await ended;
  };
  return { cluster, clock, metrics, told, endTerm, nextTerm: () => void run(signal) };
};

const until = async (cluster: FakeCluster, condition: () => Promise<boolean>): Promise<void> => {
  for (let turn = 0; turn < 200; turn += 1) {
    if (await condition()) return;
    await cluster.step();
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('it did not happen');
};

const reportRoom = async (cluster: FakeCluster, node: string, free: string) => {
  const sizes = { extentSize: '4Mi', size: '100Gi', free, foreign: '0', reserve: '0' };
  const group = { name: 'csi-vg-nvme', medium: 'nvme' as const, uuid: 'u', ...sizes, physicalVolumes: [] };
  const storage = { metadata: { name: node }, status: { groups: [group] } };
  await cluster.client.apply(NODE_STORAGES, storage, { fieldManager: 'agent' });
  await cluster.client.apply(NODE_STORAGES, storage, { fieldManager: 'agent', subresource: 'status' });
};

const bound = (cluster: FakeCluster) => async () =>
  (await cluster.claim())?.spec?.volumeName === VOLUME && (await cluster.persistentVolume())?.status?.phase === 'Bound';

const empty = (cluster: FakeCluster) => async () =>
  (await cluster.logicalVolume()) === undefined && (await cluster.persistentVolume()) === undefined;

it('is woken by every change on the way from claim to volume and back, without a resync', async () => {
  const { cluster, metrics } = await startAll();
  await until(cluster, bound(cluster));
  await cluster.client.delete(CLAIMS, MY_CLAIM);
  await until(cluster, empty(cluster));
  expect([...cluster.disk('a')]).toEqual([]);
  expect(await metrics.text()).toContain('berth_controller_actions_total{action="createPersistentVolume"} 1');
  expect(await metrics.text()).toContain('berth_controller_volumes{state="orphaned"} 0');
});

it('makes exactly one call to make each of the two objects', async () => {
  const { cluster } = await startAll();
  await until(cluster, bound(cluster));
  const posts = cluster.client.calls.filter(
    (call) => call.startsWith('POST') && /logicalvolumes|persistentvolumes$/.test(call),
  );
  expect(posts).toEqual(['POST /apis/csi.storage.io/v1alpha1/logicalvolumes', 'POST /api/v1/persistentvolumes']);
});

it('is woken by the end of a node: the claim is scheduled again (traps 81, 85)', async () => {
  const { cluster } = await startAll({ full: [] });
  await until(cluster, async () => (await cluster.logicalVolume()) !== undefined);
  await cluster.client.delete(NODES, { name: 'a' });
  await until(cluster, bound(cluster));
  const volume = await cluster.logicalVolume();
  expect(volume?.spec.nodeName).toBe('b');
});

it('is woken by a pod that cannot be scheduled', async () => {
  const { cluster, clock, told } = await startAll({ nodes: [] });
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }];
  const pod = { namespace: 'shop', name: 'es-0' };
  await cluster.client.mergePatch(PODS, pod, { status: { conditions } }, { subresource: 'status' });
  await clock.advance(2_000);
  await clock.advance(0);
  expect(told).toContain(
    'NoRoomOnDisks: No node has room for shop/data-es-0: no node that takes pods has reported its disks',
  );
});

it('is woken by room on a node: a claim with binding mode Immediate is placed, without a resync', async () => {
  let hasRoom = false;
  const place = () => (hasRoom ? { nodeName: 'b' } : { reason: 'no room' });
  const { cluster, clock } = await startAll({ storageClass: aClass({ volumeBindingMode: 'Immediate' }) }, place);
  for (let turn = 0; turn < 10; turn += 1) await cluster.step();
  hasRoom = true;
  await reportRoom(cluster, 'b', '50Gi');
  await clock.advance(2_000);
  await until(cluster, bound(cluster));
  expect((await cluster.logicalVolume())?.spec.nodeName).toBe('b');
});

describe('is woken by room on a node: a claim that could not grow grows at once, without a resync,', () => {
  const askInVain = async (size: string, free: string) => {
    const { cluster } = await startAll({ storageClass: aClass({ allowVolumeExpansion: true }) });
    await reportRoom(cluster, 'a', free);
    await until(cluster, bound(cluster));
    const { spec } = aLogicalVolume({ nodeName: 'a' });
    const claim = { namespace: 'shop', name: 'other', uid: 'other' };
    const other = { metadata: { name: 'pvc-other' }, spec: { ...spec, claim, size: '80Gi' } };
    await cluster.client.create(LOGICAL_VOLUMES, other);
    await cluster.client.mergePatch(CLAIMS, MY_CLAIM, { spec: { resources: { requests: { storage: size } } } });
    const step = async () => (await cluster.claim())?.status?.allocatedResourceStatuses?.storage;
    await until(cluster, async () => (await step()) === 'ControllerResizeInfeasible');
    const hasGrown = async () => (await cluster.claim())?.status?.capacity?.storage === size;
    return { cluster, hasGrown };
  };

  it('when the report tells of it', async () => {
    const { cluster, hasGrown } = await askInVain('20Gi', '5Gi');
    await reportRoom(cluster, 'a', '10Gi');
    await until(cluster, hasGrown);
  });

  it('when the volume that was promised it is gone, after the report told of the room', async () => {
    const { cluster, hasGrown } = await askInVain('30Gi', '90Gi');
    await cluster.client.delete(LOGICAL_VOLUMES, { name: 'pvc-other' });
    await until(cluster, hasGrown);
  });

  it('when another volume asks for less after all', async () => {
    const { cluster, hasGrown } = await askInVain('30Gi', '90Gi');
    await cluster.client.mergePatch(LOGICAL_VOLUMES, { name: 'pvc-other' }, { spec: { size: '70Gi' } });
    await until(cluster, hasGrown);
  });
});

it('does nothing between two terms as leader, and goes on in the next', async () => {
  const { cluster, endTerm, nextTerm } = await startAll();
  await until(cluster, async () => (await cluster.logicalVolume()) !== undefined);
  await endTerm();
  const before = cluster.client.calls.length;
  const writes = () => cluster.client.calls.slice(before).filter((call) => call.endsWith('/persistentvolumes'));
  for (let turn = 0; turn < 20; turn += 1) await cluster.step();
  expect(writes()).toEqual([]);
  nextTerm();
  await until(cluster, bound(cluster));
  expect(writes()).toEqual(['POST /api/v1/persistentvolumes']);
});

it('starts with what is there already', async () => {
  const first = await startAll();
  await until(first.cluster, async () => (await first.cluster.logicalVolume())?.status?.phase === 'Ready');
  await until(first.cluster, bound(first.cluster));
  expect(first.cluster.disk('a').size).toBe(1);
});

it('leaves nothing of a claim that is deleted while its volume is made, without waiting (trap 83)', async () => {
  const { cluster } = await startAll();
  await until(cluster, async () => (await cluster.logicalVolume()) !== undefined);
  await cluster.client.delete(CLAIMS, MY_CLAIM);
  await until(cluster, empty(cluster));
  expect([...cluster.disk('a')]).toEqual([]);
});

it('does not touch a volume whose claim it never saw: claims are restored from a backup later', async () => {
  const { cluster } = await startAll({ nodes: [] });
  await cluster.client.create(LOGICAL_VOLUMES, aLogicalVolume({ claimUid: 'unseen' }));
  await until(
    cluster,
    async () => (await cluster.logicalVolume())?.metadata.annotations?.[ORPHANED_SINCE] !== undefined,
  );
  for (let turn = 0; turn < 20; turn += 1) await cluster.step();
  expect((await cluster.logicalVolume())?.metadata.deletionTimestamp).toBeUndefined();
});
