import { LOGICAL_VOLUME_FINALIZER } from '@berth/contract/names';
import { CLAIMS, LOGICAL_VOLUMES, VOLUMES } from '@berth/kube/resources';
import { createFakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { silentLogger } from '@berth/runtime/logger';
import { createMetrics } from '@berth/runtime/metrics';
import { expect, it } from 'vitest';
import type { Action } from './action.ts';
import { createActionRunner } from './action-runner.ts';
import { aClaim, aLogicalVolume, aPersistentVolume, VOLUME } from './testing/builders.ts';

const setUp = () => {
  const client = createFakeKubeClient();
  const recorded: object[] = [];
  const events = { record: (target: object, event: object) => void recorded.push({ target, event }) };
  const run = createActionRunner({ client, events, metrics: createMetrics(), logger: silentLogger });
  const signal = new AbortController().signal;
  return { client, recorded, run: (...actions: Action[]) => run({ actions }, signal) };
};

const MY_CLAIM = { namespace: 'shop', name: 'data-es-0' };

it('makes nothing twice, and tells of it once (trap 88)', async () => {
  const { client, recorded, run } = setUp();
  const about = { kind: 'PersistentVolumeClaim', object: aClaim() } as const;
  const plan: Action[] = [
    { kind: 'createLogicalVolume', logicalVolume: aLogicalVolume() },
    { kind: 'event', about, type: 'Normal', reason: 'Provisioning', message: 'making a volume' },
  ];
  await run(...plan);
  await run(...plan);
  expect((await client.list(LOGICAL_VOLUMES)).items).toHaveLength(1);
  expect(recorded).toHaveLength(1);
});

it('clears the selected node and nothing else, unless the claim changed meanwhile', async () => {
  const { client, run } = setUp();
  const claim = await client.create(CLAIMS, aClaim());
  await client.mergePatch(CLAIMS, MY_CLAIM, { metadata: { labels: { changed: 'yes' } } });
  await expect(run({ kind: 'clearSelectedNode', claim })).rejects.toMatchObject({ code: 'Aborted' });
  const latest = (await client.get(CLAIMS, MY_CLAIM)) ?? claim;
  await run({ kind: 'clearSelectedNode', claim: latest });
  expect((await client.get(CLAIMS, MY_CLAIM))?.metadata?.annotations).toEqual({
    'volume.kubernetes.io/storage-provisioner': 'csi.storage.io',
  });
});

it('deletes only the very object the plan was made from', async () => {
  const { client, run } = setUp();
  const old = await client.create(LOGICAL_VOLUMES, aLogicalVolume());
  await client.mergePatch(LOGICAL_VOLUMES, { name: VOLUME }, { status: { phase: 'Ready' } }, { subresource: 'status' });
  await expect(run({ kind: 'deleteLogicalVolume', logicalVolume: old })).rejects.toMatchObject({ code: 'Aborted' });
  expect((await client.get(LOGICAL_VOLUMES, { name: VOLUME }))?.metadata.deletionTimestamp).toBeUndefined();
});

it('removes its own finalizer and leaves those of others', async () => {
  const { client, run } = setUp();
  const finalizers = ['kubernetes.io/pv-protection', 'csi.storage.io/persistent-volume'];
  const persistentVolume = await client.create(VOLUMES, aPersistentVolume({ finalizers }));
  await run({ kind: 'releasePersistentVolume', persistentVolume });
  expect((await client.get(VOLUMES, { name: VOLUME }))?.metadata?.finalizers).toEqual(['kubernetes.io/pv-protection']);
});

it('is content when what it would change is gone', async () => {
  const { client, run } = setUp();
  const logicalVolume = aLogicalVolume();
  await run(
    { kind: 'releaseLogicalVolume', logicalVolume },
    { kind: 'deleteLogicalVolume', logicalVolume },
    { kind: 'markLogicalVolume', logicalVolume, mark: 'example/mark', time: undefined },
  );
  expect(logicalVolume.metadata.finalizers).toEqual([LOGICAL_VOLUME_FINALIZER]);
  expect((await client.list(LOGICAL_VOLUMES)).items).toEqual([]);
});

it('stops at the first action that fails, so that what depends on it is not done', async () => {
  const { client, recorded, run } = setUp();
  client.beforeCall(() => {
    throw new Error('connection refused');
  });
  const about = { kind: 'PersistentVolumeClaim', object: aClaim() } as const;
  await expect(
    run(
      { kind: 'createLogicalVolume', logicalVolume: aLogicalVolume() },
      { kind: 'event', about, type: 'Normal', reason: 'Provisioning', message: 'making a volume' },
    ),
  ).rejects.toThrow('connection refused');
  expect(recorded).toEqual([]);
});
