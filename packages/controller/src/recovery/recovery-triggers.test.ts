import { LOGICAL_VOLUMES, NODES, VOLUME_RECOVERIES } from '@berth/kube/resources';
import { createFakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { expect, it, onTestFinished } from 'vitest';
import { createCaches, startCaches } from '../caches.ts';
import { aLogicalVolume } from '../testing/builders.ts';
import { AGENTS } from '../testing/settings.ts';
import { connectRecoveryTriggers, queueAllRecovery } from './recovery-triggers.ts';

const setUp = async () => {
  const client = createFakeKubeClient();
  const clock = createManualClock();
  const controller = new AbortController();
  onTestFinished(() => controller.abort(new Error('stopped')));
  const caches = createCaches({ agents: AGENTS, client, clock, logger: silentLogger });
  await client.create(NODES, { metadata: { name: 'a' } });
  await startCaches(caches, controller.signal);
  const queued: string[] = [];
  const queues = { decide: (name: string) => queued.push(name), execute: (name: string) => queued.push(name) };
  const disconnect = connectRecoveryTriggers(caches, queues);
  const say = async (status: string, lastHeartbeatTime: string) => {
    const conditions = [{ type: 'Ready', status, lastTransitionTime: '2026-01-01T00:00:00Z', lastHeartbeatTime }];
    await client.mergePatch(NODES, { name: 'a' }, { status: { conditions } }, { subresource: 'status' });
    await clock.advance(0);
  };
  return { client, clock, caches, queues, queued, disconnect, say };
};

const record = {
  metadata: { name: 'recovery-1' },
  spec: { nodeName: 'a', pod: { namespace: 'n', name: 'p', uid: 'u' }, claims: [], reason: 'r', dryRun: false },
};

it('looks at a node when it gets into trouble, out of it, and is deleted, and not at each sign of life', async () => {
  const { client, clock, queued, say } = await setUp();
  await say('True', '1');
  await say('True', '2');
  expect(queued).toEqual([]);
  await say('Unknown', '2');
  await say('Unknown', '3');
  expect(queued).toEqual(['a']);
  await say('True', '4');
  expect(queued).toEqual(['a', 'a']);
  await client.delete(NODES, { name: 'a' });
  await clock.advance(0);
  expect(queued).toEqual(['a', 'a', 'a']);
});

it('looks at a node that is to be removed when one of its volumes is gone, and after a restart', async () => {
  const { client, clock, caches, queues, queued } = await setUp();
  const volume = aLogicalVolume({ nodeName: 'a' });
  const { name } = volume.metadata;
  await client.create(LOGICAL_VOLUMES, { ...volume, metadata: { name } });
  const annotations = { 'csi.storage.io/remove-node': 'true' };
  await client.mergePatch(NODES, { name: 'a' }, { metadata: { annotations }, spec: { unschedulable: true } });
  await clock.advance(0);
  expect(queued).toEqual(['a']);
  await client.delete(LOGICAL_VOLUMES, { name });
  await clock.advance(0);
  expect(queued).toEqual(['a', 'a']);
  queueAllRecovery(caches, queues);
  expect(queued).toEqual(['a', 'a', 'a']);
});

it('carries out a record when it appears, and after a restart all there are', async () => {
  const { client, clock, caches, queues, queued, disconnect } = await setUp();
  await client.create(VOLUME_RECOVERIES, record);
  await clock.advance(0);
  expect(queued).toEqual(['recovery-1']);
  disconnect();
  await client.create(LOGICAL_VOLUMES, aLogicalVolume({ nodeName: 'gone' }));
  await clock.advance(0);
  queueAllRecovery(caches, queues);
  expect(queued).toEqual(['recovery-1', 'gone', 'recovery-1']);
});
