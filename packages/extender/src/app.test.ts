import { beforeEach, describe, expect, it } from 'vitest';
import { claim, createFixture, node, nodeStorage, pod, storageClass, volume } from './testing/fixture.ts';

let berth: ReturnType<typeof createFixture>;

/** Two nodes in two racks, 150 GiB each, and the class `fast`. */
const furnish = (fixture: ReturnType<typeof createFixture>) => {
  fixture.caches.classes.put(storageClass('fast'));
  for (const [name, rack] of [
    ['n1', 'r1'],
    ['n2', 'r2'],
  ] as const) {
    fixture.caches.nodes.put(node(name, { rack }));
    fixture.caches.storages.put(nodeStorage(name, 150));
  }
  return fixture;
};

beforeEach(() => {
  berth = furnish(createFixture());
});

describe('filter', () => {
  it('keeps the nodes with room and says of the others why not, as beyond the cure of preemption', async () => {
    berth.caches.claims.put(claim('data', { gib: 200 }));
    berth.caches.storages.put(nodeStorage('n3', 500));
    expect(await berth.filter(pod('es-0', ['data']), ['n1', 'n3'])).toEqual({
      Nodes: null,
      NodeNames: ['n3'],
      FailedNodes: {},
      FailedAndUnresolvableNodes: { n1: 'nvme: needs 200 GiB, 150 GiB free of 150 GiB' },
      Error: '',
    });
    expect(berth.events).toEqual([]);
  });

  it('passes pods without claims of ours through untouched, whatever the view is like (trap 78)', async () => {
    const names = ['n9', 'n1'];
    berth.caches.classes.put({ ...storageClass('ceph'), provisioner: 'rbd.csi.ceph.com' });
    berth.caches.claims.put(claim('logs', { className: 'ceph' }));
    expect(await berth.filter(pod('web', []), names)).toMatchObject({ NodeNames: names, Error: '' });
    for (const cache of Object.values(berth.caches)) cache.ageMs = 10_000_000;
    expect(await berth.filter(pod('app', ['logs']), names)).toMatchObject({ NodeNames: names, Error: '' });
    for (const cache of Object.values(berth.caches)) cache.synced = false;
    expect(await berth.filter(pod('web', []), names)).toMatchObject({ NodeNames: names, Error: '' });
  });

  it('fails closed for pods with our claims while the view is not to be trusted', async () => {
    berth.caches.claims.put(claim('data'));
    berth.caches.volumes.ageMs = 200_000;
    expect(await berth.filter(pod('es-0', ['data']), ['n1'])).toMatchObject({
      NodeNames: null,
      Error: 'berth: the API server has said nothing about volumes for 200 s',
    });
    berth.caches.volumes.ageMs = 0;
    berth.caches.volumes.synced = false;
    expect(await berth.filter(pod('es-0', ['data']), ['n1'])).toMatchObject({
      Error: 'berth: the list of volumes has not arrived yet',
    });
    expect(berth.view.unready()).toBeDefined();
  });

  it('sends pods with our claims to the replica that leads, and holds nothing for them', async () => {
    berth.caches.claims.put(claim('data'));
    berth.leadership.refusal = 'this replica of the extender does not lead';
    const ask = (body: object) => berth.post('/filter', { Nodes: null, NodeNames: ['n1'], ...body });
    const [ours, other] = [await ask({ Pod: pod('es-0', ['data']) }), await ask({ Pod: pod('web', []) })];
    expect(JSON.parse(String(ours.body)).Error).toBe('berth: this replica of the extender does not lead');
    expect(JSON.parse(String(other.body)).NodeNames).toEqual(['n1']);
    expect([ours.lastOfConnection, other.lastOfConnection]).toEqual([true, true]);
    expect(berth.ledger.size).toBe(0);
    berth.leadership.refusal = undefined;
    expect((await ask({ Pod: pod('es-0', ['data']) })).lastOfConnection).toBeUndefined();
  });

  it('asks to come again for a claim it has not seen (trap 72)', async () => {
    expect(await berth.filter(pod('es-0', ['data']), ['n1'])).toMatchObject({
      NodeNames: null,
      Error: 'berth: claim prod/data is not known here yet',
    });
  });

  it('never promises the same room twice before a volume exists (trap 68)', async () => {
    for (const name of ['a', 'b', 'c']) berth.caches.claims.put(claim(name));
    const answers = [];
    for (const name of ['a', 'b', 'c']) answers.push(await berth.filter(pod(name, [name]), ['n1', 'n2']));
    expect(answers.map((answer) => answer.NodeNames?.[0])).toEqual(['n1', 'n2', undefined]);
    expect(answers[2]?.FailedAndUnresolvableNodes).toEqual({
      n1: 'nvme: needs 100 GiB, 150 GiB free of 150 GiB; 100 GiB held for prod/a',
      n2: 'nvme: needs 100 GiB, 150 GiB free of 150 GiB; 100 GiB held for prod/b',
    });
  });

  it('counts a shared claim once (trap 75)', async () => {
    berth.caches.claims.put(claim('shared'));
    await berth.filter(pod('a', ['shared']), ['n1', 'n2']);
    await berth.filter(pod('b', ['shared']), ['n1', 'n2']);
    expect(berth.ledger.size).toBe(1);
  });

  it('lets a pod with a bound volume go on although the node is full (trap 76)', async () => {
    berth.caches.claims.put(claim('data', { volumeName: 'pvc-uid-data' }));
    berth.caches.volumes.put(volume('data', 'n1', { gib: 150 }));
    expect(await berth.filter(pod('es-0', ['data']), ['n1'])).toMatchObject({ NodeNames: ['n1'] });
  });

  it('keeps a half-provisioned pod on the node of its first volume', async () => {
    berth.caches.claims.put(claim('data'));
    berth.caches.claims.put(claim('logs', { gib: 10 }));
    berth.caches.volumes.put(volume('data', 'n2', { phase: 'Pending' }));
    expect(await berth.filter(pod('es-0', ['data', 'logs']), ['n1', 'n2'])).toMatchObject({
      NodeNames: ['n2'],
      FailedAndUnresolvableNodes: { n1: 'the volume of prod/data is on n2' },
    });
  });

  it('does not keep a pod on a node where making the volume failed', async () => {
    berth.caches.claims.put(claim('data'));
    berth.caches.volumes.put(volume('data', 'n2', { phase: 'Failed' }));
    expect(await berth.filter(pod('es-0', ['data']), ['n1', 'n2'])).toMatchObject({ NodeNames: ['n1'] });
  });

  it('refuses all nodes with the rule that is broken when a claim can never be placed', async () => {
    berth.caches.classes.put({ ...storageClass('fast'), parameters: {} });
    berth.caches.claims.put(claim('data'));
    const { FailedAndUnresolvableNodes, NodeNames } = await berth.filter(pod('es-0', ['data']), ['n1', 'n2']);
    expect(NodeNames).toEqual([]);
    expect(FailedAndUnresolvableNodes.n2).toContain('write one of hdd, ssd, nvme');
    expect(berth.events).toHaveLength(1);
    expect(berth.events[0]?.message).toContain('write one of hdd, ssd, nvme');
  });

  it('records one event with a sentence for each node when nothing fits', async () => {
    berth.caches.claims.put(claim('data', { gib: 300 }));
    berth.caches.storages.put(nodeStorage('n2', 200));
    await berth.filter(pod('es-0', ['data']), ['n1', 'n2', 'n3', 'n4']);
    expect(berth.events).toEqual([
      {
        type: 'Warning',
        reason: 'NoRoomOnDisks',
        message:
          'No node has room for prod/data: n3, n4: the node has reported no disks | n1: nvme: needs 300 GiB, 150 GiB free of 150 GiB | n2: nvme: needs 300 GiB, 200 GiB free of 200 GiB',
        standing: true,
      },
    ]);
  });

  it('understands generic ephemeral volumes', async () => {
    const ephemeral = pod('job', []);
    ephemeral.spec?.volumes?.push({ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: {} } } });
    const made = claim('job-scratch');
    made.metadata = {
      ...made.metadata,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'job', uid: 'uid-job' }],
    };
    berth.caches.claims.put(made);
    expect(await berth.filter(ephemeral, ['n1'])).toMatchObject({ NodeNames: ['n1'] });
    expect(berth.ledger.get('uid-job-scratch')?.node).toBe('n1');
  });

  it('offers no more nodes than the shortlist allows', async () => {
    const exact = furnish(createFixture({ shortlist: 1 }));
    exact.caches.claims.put(claim('data'));
    expect(await exact.filter(pod('es-0', ['data']), ['n1', 'n2'])).toMatchObject({ NodeNames: ['n1'] });
  });

  it('answers whole Node objects with whole Node objects (trap 77 is why names are the supported form)', async () => {
    berth.caches.claims.put(claim('data', { gib: 120 }));
    berth.caches.storages.put(nodeStorage('n2', 10));
    const items = ['n1', 'n2'].map((name) => ({ metadata: { name, labels: { keep: 'me' } }, status: {} }));
    const response = await berth.post('/filter', {
      Pod: pod('es-0', ['data']),
      Nodes: { metadata: {}, items },
      NodeNames: null,
    });
    expect(JSON.parse(String(response.body))).toMatchObject({
      Nodes: { metadata: {}, items: [items[0]] },
      NodeNames: null,
      FailedAndUnresolvableNodes: { n2: expect.any(String) },
    });
  });
});

describe('prioritize', () => {
  it('gives integers 0..10 in the wire form (trap 79), best where the application is not yet', async () => {
    const labels = { 'es-cluster-name': 'es' };
    berth.caches.claims.put(claim('data-1', { gib: 10 }));
    berth.caches.volumes.put(volume('data-0', 'n1', { gib: 1, cluster: 'es' }));
    const scores = await berth.prioritize(pod('es-1', ['data-1'], { labels }), ['n1', 'n2', 'n7']);
    expect(scores).toEqual([
      { Host: 'n1', Score: 2 },
      { Host: 'n2', Score: 10 },
      { Host: 'n7', Score: 0 },
    ]);
  });

  it('says nothing of pods that are not ours, and writes no holds', async () => {
    berth.caches.claims.put(claim('data'));
    expect(await berth.prioritize(pod('web', []), ['n1'])).toEqual([]);
    await berth.prioritize(pod('es-0', ['data']), ['n1']);
    expect(berth.ledger.size).toBe(0);
  });
});

describe('malformed requests (trap 80)', () => {
  const ours = { metadata: { name: 'p', namespace: 'prod' }, spec: {} };
  it.each([
    ['no JSON', '{', 'not JSON'],
    ['nothing', 'null', 'body'],
    ['no pod', { NodeNames: [] }, 'Pod'],
    ['neither names nor nodes', { Pod: ours, Nodes: null, NodeNames: null }, 'neither NodeNames nor Nodes'],
    ['names that are numbers', { Pod: ours, NodeNames: [1] }, 'NodeNames.0'],
    ['a node without a name', { Pod: ours, Nodes: { items: [{ metadata: {} }] } }, 'Nodes.items.0.metadata.name'],
    ['volumes that are no list', { Pod: { ...ours, spec: { volumes: 'x' } }, NodeNames: [] }, 'Pod.spec.volumes'],
  ])('answers 400 and names the fault: %s', async (_, body, fault) => {
    for (const path of ['/filter', '/prioritize']) {
      const response = await berth.post(path, body);
      expect(response.status).toBe(400);
      expect(String(response.body)).toContain(fault);
    }
  });

  it('accepts what Go writes for empty fields', async () => {
    const bare = {
      metadata: { name: 'p', namespace: 'prod', creationTimestamp: null },
      spec: { volumes: null, containers: null },
      status: {},
    };
    expect(
      (await berth.post('/filter', { Pod: bare, Nodes: { metadata: {}, items: null }, NodeNames: null })).status,
    ).toBe(200);
    expect((await berth.post('/prioritize', { Pod: bare, Nodes: null, NodeNames: [] })).status).toBe(200);
  });

  it('says which paths there are', async () => {
    expect(await berth.post('/bind', {})).toMatchObject({ status: 404 });
    const get = { method: 'GET', path: '/filter', headers: {}, body: Buffer.alloc(0) };
    expect(await berth.app(get, new AbortController().signal)).toMatchObject({ status: 405 });
  });
});

it('measures each answer, what was asked and offered, what spoke against nodes, and how fresh its view is', async () => {
  berth.caches.claims.put(claim('data'));
  berth.caches.pods.ageMs = 5_000;
  await berth.filter(pod('es-0', ['data']), ['n1', 'n8', 'n9']);
  await berth.filter(pod('web', []), ['n1']);
  const text = await berth.metrics.text();
  expect(text).toContain('berth_extender_request_duration_seconds_count{verb="filter",outcome="placed"} 1');
  expect(text).toContain('berth_extender_holds 1');
  expect(text).toContain('berth_extender_candidates_total{direction="in"} 3');
  expect(text).toContain('berth_extender_candidates_total{direction="out"} 1');
  expect(text).toContain('berth_extender_objections_total{kind="unreported"} 2');
  expect(text).toContain('berth_extender_cache_age_seconds{collection="pods"} 5');
  expect(text).toContain('berth_extender_cache_objects{collection="nodes"} 2');
  expect(text).toContain('berth_extender_view_trusted 1');
  berth.caches.pods.ageMs = 200_000;
  expect(await berth.metrics.text()).toContain('berth_extender_view_trusted 0');
});
