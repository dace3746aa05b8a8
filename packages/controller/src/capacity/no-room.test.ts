import { DRIVER_NAME } from '@berth/contract/names';
import { CAPACITIES, NODE_STORAGES, NODES } from '@berth/kube/resources';
import { createFakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { expect, it, onTestFinished } from 'vitest';
import { createCaches, startCaches } from '../caches.ts';
import { parseClaim } from '../claim-request.ts';
import { aClaim, aClass, aNode } from '../testing/builders.ts';
import { AGENTS } from '../testing/settings.ts';
import { MANAGED_BY_LABEL } from './capacity-object.ts';
import { createNoRoomReport } from './no-room.ts';

/** Asks for 10 GiB of nvme where the nodes' groups have so much free, and kube-scheduler was told so. */
const reportFor = async (free: Readonly<Record<string, string>>, told = free): Promise<string | undefined> => {
  const client = createFakeKubeClient();
  const controller = new AbortController();
  onTestFinished(() => controller.abort(new Error('stopped')));
  for (const [name, capacity] of Object.entries(told)) {
    const metadata = { name, namespace: 'berth-system', labels: { [MANAGED_BY_LABEL]: DRIVER_NAME } };
    await client.create(CAPACITIES, { metadata, storageClassName: 'fast', capacity });
  }
  for (const [name, left] of Object.entries(free)) {
    const sizes = { extentSize: '4Mi', size: '100Gi', free: left, foreign: '0', reserve: '0' };
    const group = { name: 'csi-vg-nvme', medium: 'nvme' as const, uuid: 'u', ...sizes, physicalVolumes: [] };
    await client.create(NODES, aNode(name));
    await client.create(NODE_STORAGES, { metadata: { name }, status: { groups: [group] } });
  }
  const caches = createCaches({ agents: AGENTS, client, clock: createManualClock(), logger: silentLogger });
  await startCaches(caches, controller.signal);
  const [claim, storageClass] = [aClaim(), aClass()];
  return createNoRoomReport(caches)({ claim, storageClass, request: parseClaim(claim, storageClass) });
};

it('names the claim and what is missing on each node, in the words of the extender', async () => {
  expect(await reportFor({ a: '9Gi', b: '2Gi' })).toBe(
    'No node has room for shop/data-es-0: a: nvme: needs 10 GiB, 9 GiB free of 100 GiB | b: nvme: needs 10 GiB, 2 GiB free of 100 GiB',
  );
});

it('says that no node has reported its disks', async () => {
  expect(await reportFor({})).toBe(
    'No node has room for shop/data-es-0: no node that takes pods has reported its disks',
  );
});

it('is silent where kube-scheduler knows a node with the room: the extender is asked then, and tells', async () => {
  expect(await reportFor({ a: '9Gi' }, { a: '10Gi' })).toBeUndefined();
});

it('is silent where a node has the room and kube-scheduler is just being told', async () => {
  expect(await reportFor({ a: '50Gi' }, { a: '9Gi' })).toBeUndefined();
});
