import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { NodeStorage } from '@berth/contract/resources/node-storage';
import { describe, expect, it } from 'vitest';
import type { KubeClient, WatchEvent } from '../client.ts';
import { LOGICAL_VOLUMES, NODE_STORAGES } from '../resources.ts';

const TIMEOUT_MS = 20_000;

/** What every KubeClient does; run against the fake and against a real API server that has our resource definitions. */
export const describeKubeClient = (name: string, connect: () => Promise<KubeClient>): void => {
  let made = 0;
  const run = Date.now().toString(36);
  const fresh = () => {
    made += 1;
    return `behaviour-${run}-${made}`;
  };
  /** Not the agent's: a controller that runs beside the tests takes that off, for there is no such node. */
  const KEPT = 'berth.example/kept';
  const volume = (nodeName: string, finalizers: string[] = []): LogicalVolume => ({
    metadata: { name: fresh(), finalizers, labels: { 'berth-test': nodeName } },
    spec: {
      nodeName,
      medium: 'nvme',
      size: '1Gi',
      volumeMode: 'Filesystem',
      fsType: 'xfs',
      claim: { namespace: 'default', name: 'data', uid: 'u' },
      // A controller that runs beside the tests lets it be.
      managedBy: 'csi',
    },
  });

  describe(`the Kubernetes client: ${name}`, { timeout: TIMEOUT_MS }, () => {
    it('creates, gives back, and refuses to create twice', async () => {
      const client = await connect();
      const object = volume('n1');
      const created = await client.create(LOGICAL_VOLUMES, object);
      expect(created.metadata.uid).toBeTruthy();
      expect((await client.get(LOGICAL_VOLUMES, { name: object.metadata.name }))?.spec).toEqual(object.spec);
      await expect(client.create(LOGICAL_VOLUMES, object)).rejects.toMatchObject({ code: 'AlreadyExists' });
    });

    it('gives undefined for what is not there, and deletes it without complaint', async () => {
      const client = await connect();
      const ref = { name: fresh() };
      expect(await client.get(LOGICAL_VOLUMES, ref)).toBeUndefined();
      await client.delete(LOGICAL_VOLUMES, ref);
      await expect(client.mergePatch(LOGICAL_VOLUMES, ref, {})).rejects.toMatchObject({ code: 'NotFound' });
    });

    it('keeps spec and status apart', async () => {
      const client = await connect();
      const { metadata, spec } = await client.create(LOGICAL_VOLUMES, volume('n1'));
      const status = { phase: 'Ready', size: '1Gi' } as const;
      await client.mergePatch(LOGICAL_VOLUMES, metadata, { spec: { size: '9Gi' }, status }, { subresource: 'status' });
      const after = await client.get(LOGICAL_VOLUMES, metadata);
      expect(after?.spec).toEqual(spec);
      expect(after?.status).toEqual(status);
      await client.mergePatch(LOGICAL_VOLUMES, metadata, { spec: { size: '2Gi' }, status: { phase: 'Failed' } });
      const later = await client.get(LOGICAL_VOLUMES, metadata);
      expect([later?.spec.size, later?.status?.phase]).toEqual(['2Gi', 'Ready']);
    });

    it('answers Aborted when the object has changed since', async () => {
      const client = await connect();
      const { metadata } = await client.create(LOGICAL_VOLUMES, volume('n1'));
      const { resourceVersion } = metadata;
      await client.mergePatch(LOGICAL_VOLUMES, metadata, { metadata: { labels: { seen: 'once' } } });
      const late = client.mergePatch(LOGICAL_VOLUMES, metadata, {
        metadata: { resourceVersion, labels: { seen: 'twice' } },
      });
      await expect(late).rejects.toMatchObject({ code: 'Aborted' });
      const wrongUid = client.delete(LOGICAL_VOLUMES, metadata, { uid: '00000000-0000-0000-0000-000000000000' });
      await expect(wrongUid).rejects.toMatchObject({ code: 'Aborted' });
    });

    it('leaves the version alone when a patch changes nothing', async () => {
      const client = await connect();
      const { metadata } = await client.create(LOGICAL_VOLUMES, volume('n1'));
      const again = await client.mergePatch(LOGICAL_VOLUMES, metadata, { spec: { size: '1Gi' } });
      expect(again.metadata.resourceVersion).toBe(metadata.resourceVersion);
    });

    it('deletes with a grace and a uid, and only the object of that uid', async () => {
      const client = await connect();
      const { metadata } = await client.create(LOGICAL_VOLUMES, volume('n1'));
      const uid = '00000000-0000-0000-0000-000000000000';
      const other = client.delete(LOGICAL_VOLUMES, metadata, { uid, gracePeriodSeconds: 0 });
      await expect(other).rejects.toMatchObject({ code: 'Aborted' });
      await client.delete(LOGICAL_VOLUMES, metadata, { uid: metadata.uid ?? '', gracePeriodSeconds: 0 });
      expect(await client.get(LOGICAL_VOLUMES, metadata)).toBeUndefined();
    });

    it('keeps an object that is being deleted until its finalizers are gone', async () => {
      const client = await connect();
      const { metadata } = await client.create(LOGICAL_VOLUMES, volume('n1', [KEPT]));
      await client.delete(LOGICAL_VOLUMES, metadata);
      expect((await client.get(LOGICAL_VOLUMES, metadata))?.metadata.deletionTimestamp).toBeTruthy();
      await client.mergePatch(LOGICAL_VOLUMES, metadata, { metadata: { finalizers: null } });
      expect(await client.get(LOGICAL_VOLUMES, metadata)).toBeUndefined();
    });

    it('lists by field and by label', async () => {
      const client = await connect();
      const node = fresh();
      const [mine] = await Promise.all(
        [volume(node), volume('other')].map((one) => client.create(LOGICAL_VOLUMES, one)),
      );
      const byField = await client.list(LOGICAL_VOLUMES, { fieldSelector: `spec.nodeName=${node}` });
      const byLabel = await client.list(LOGICAL_VOLUMES, { labelSelector: `berth-test=${node}` });
      const byLabels = await client.list(LOGICAL_VOLUMES, { labelSelector: `berth-test=${node},app=other` });
      expect(byLabels.items).toEqual([]);
      expect(byField.items.map(({ metadata }) => metadata.name)).toEqual([mine?.metadata.name]);
      expect(byLabel.items.map(({ metadata }) => metadata.name)).toEqual([mine?.metadata.name]);
      expect(byField.items[0]?.kind).toBe('LogicalVolume');
    });

    it('keeps of what it lists as much as it is told to', async () => {
      const client = await connect();
      const node = fresh();
      await client.create(LOGICAL_VOLUMES, volume(node));
      const keep = ({ metadata: { name }, spec }: LogicalVolume): LogicalVolume => ({ metadata: { name }, spec });
      const { items } = await client.list(LOGICAL_VOLUMES, { fieldSelector: `spec.nodeName=${node}`, keep });
      expect(items.map(({ metadata }) => Object.keys(metadata))).toEqual([['name']]);
    });

    it('applies a status: what it leaves out is gone, and the same again changes nothing', async () => {
      const client = await connect();
      const object: NodeStorage = { metadata: { name: fresh() } };
      const apply = (status: NodeStorage['status'] & object) =>
        client.apply(NODE_STORAGES, { ...object, status }, { fieldManager: 'berth-test', subresource: 'status' });
      await client.apply(NODE_STORAGES, object, { fieldManager: 'berth-test' });
      await apply({ capacity: { a: '1Gi', b: '2Gi' } });
      const first = await apply({ capacity: { a: '1Gi' } });
      const second = await apply({ capacity: { a: '1Gi' } });
      expect(first.status).toEqual({ capacity: { a: '1Gi' } });
      expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    });

    it('watches from the version of a list: what comes, changes and goes, of what is selected', async () => {
      const client = await connect();
      const node = fresh();
      const fieldSelector = `spec.nodeName=${node}`;
      const { resourceVersion } = await client.list(LOGICAL_VOLUMES, { fieldSelector });
      const { metadata } = await client.create(LOGICAL_VOLUMES, volume(node));
      await client.create(LOGICAL_VOLUMES, volume('other'));
      await client.mergePatch(LOGICAL_VOLUMES, metadata, { metadata: { labels: { more: 'yes' } } });
      await client.delete(LOGICAL_VOLUMES, metadata);
      const stop = new AbortController();
      const events: string[] = [];
      for await (const event of client.watch(LOGICAL_VOLUMES, { fieldSelector, resourceVersion }, stop.signal)) {
        if (event.type !== 'BOOKMARK') events.push(describeEvent(event));
        if (event.type === 'DELETED') break;
      }
      stop.abort();
      const { name } = metadata;
      expect(events).toEqual([`ADDED ${name}`, `MODIFIED ${name}`, `DELETED ${name}`]);
    });
  });
};

const describeEvent = ({ type, object }: WatchEvent<LogicalVolume>): string => `${type} ${object.metadata.name}`;
