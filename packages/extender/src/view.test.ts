import { CONDITION_LVM } from '@berth/contract/condition-types';
import { beforeEach, describe, expect, it } from 'vitest';
import { claim, createFixture, node, nodeStorage, pod, storageClass, volume } from './testing/fixture.ts';

let berth: ReturnType<typeof createFixture>;

beforeEach(() => {
  berth = createFixture({ holdTtlMs: 60_000 });
  berth.caches.classes.put(storageClass('fast'));
  for (const name of ['n1', 'n2', 'n3']) {
    berth.caches.nodes.put(node(name, { rack: `r-${name}` }));
    berth.caches.storages.put(nodeStorage(name, 150));
  }
});

/** Holds `data` of pod es-0 on n1; it may still come to n2. */
const predict = async () => {
  berth.caches.claims.put(claim('data'));
  berth.caches.pods.put(pod('es-0', ['data']));
  await berth.filter(pod('es-0', ['data']), ['n1', 'n2', 'n3']);
  expect(berth.ledger.get('uid-data')).toMatchObject({ node: 'n1', selected: false });
};

const roomFor = async (gib: number, on: string): Promise<boolean> => {
  berth.caches.claims.put(claim('probe', { gib }));
  const { NodeNames } = await berth.filter(pod('probe', ['probe']), [on]);
  berth.ledger.release('uid-probe');
  return (NodeNames?.length ?? 0) > 0;
};

describe('a hold', () => {
  it('moves to the node the scheduler chose, and frees the one predicted', async () => {
    await predict();
    berth.caches.claims.put(claim('data', { selectedNode: 'n2' }));
    expect(berth.ledger.get('uid-data')).toMatchObject({ node: 'n2', selected: true, podUid: 'uid-es-0' });
    expect(await roomFor(100, 'n1')).toBe(true);
    expect(await roomFor(100, 'n2')).toBe(false);
  });

  it('becomes the volume: the room is counted once, before and after the report', async () => {
    await predict();
    berth.caches.claims.put(claim('data', { selectedNode: 'n1' }));
    berth.caches.volumes.put(volume('data', 'n1', { phase: 'Pending' }));
    expect(berth.ledger.size).toBe(0);
    expect(await roomFor(50, 'n1')).toBe(true);
    expect(await roomFor(51, 'n1')).toBe(false);
    berth.caches.storages.put(nodeStorage('n1', 150, { free: 50 }));
    expect(await roomFor(50, 'n1')).toBe(true);
    expect(await roomFor(51, 'n1')).toBe(false);
  });

  it('is taken over by the pod that comes again, not doubled (trap 73)', async () => {
    await predict();
    await berth.filter(pod('es-0', ['data']), ['n2', 'n3']);
    expect(berth.ledger.get('uid-data')?.node).toBe('n2');
    expect(berth.ledger.size).toBe(1);
  });

  it('ends when the pod is deleted', async () => {
    await predict();
    berth.caches.pods.remove('prod/es-0');
    expect(berth.ledger.size).toBe(0);
  });

  it('ends when the pod is replaced by another of the same name', async () => {
    await predict();
    const again = pod('es-0', ['data']);
    berth.caches.pods.put({ ...again, metadata: { ...again.metadata, uid: 'another' } });
    expect(berth.ledger.size).toBe(0);
  });

  it('ends when the claim is deleted, replaced, or bound', async () => {
    await predict();
    berth.caches.claims.remove('prod/data');
    expect(berth.ledger.size).toBe(0);
    await predict();
    berth.caches.claims.put(claim('data', { uid: 'another' }));
    expect(berth.ledger.size).toBe(0);
    berth.caches.claims.put(claim('data'));
    await predict();
    berth.caches.claims.put(claim('data', { volumeName: 'pv-1' }));
    expect(berth.ledger.size).toBe(0);
  });

  it('ends with its time to live when no node was chosen, and only then', async () => {
    await predict();
    berth.caches.claims.put(claim('later', { selectedNode: 'n3' }));
    await berth.clock.advance(59_000);
    expect(await roomFor(100, 'n1')).toBe(false);
    await berth.clock.advance(2_000);
    expect(await roomFor(100, 'n1')).toBe(true);
    expect(berth.ledger.get('uid-data')).toBeUndefined();
    expect(berth.ledger.get('uid-later')).toBeDefined();
  });

  it('ends when the pod fits nowhere any more', async () => {
    await predict();
    berth.caches.storages.put(nodeStorage('n1', 10));
    await berth.filter(pod('es-0', ['data']), ['n1']);
    expect(berth.ledger.size).toBe(0);
  });

  it('is a prediction again when the choice is taken back, until its time is over', async () => {
    await predict();
    berth.caches.claims.put(claim('data', { selectedNode: 'n2' }));
    berth.caches.claims.put(claim('data'));
    expect(berth.ledger.get('uid-data')).toMatchObject({ node: 'n1', selected: false });
    await berth.clock.advance(61_000);
    expect(await roomFor(100, 'n1')).toBe(true);
    expect(berth.ledger.size).toBe(0);
  });

  it('stands when a choice that was taken back before it was made is seen only now', async () => {
    await predict();
    // The scheduler has chosen n1, taken that back, and asked again before the first of it is seen here.
    await berth.filter(pod('es-0', ['data']), ['n1']);
    berth.caches.claims.put(claim('data', { selectedNode: 'n1' }));
    berth.caches.claims.put(claim('data'));
    expect(await roomFor(100, 'n1')).toBe(false);
  });

  it('does not end when the choice is taken back and a newer prediction exists already', async () => {
    await predict();
    berth.caches.claims.put(claim('data', { selectedNode: 'n2' }));
    // The scheduler saw the annotation go before we did.
    await berth.filter(pod('es-0', ['data']), ['n3']);
    berth.caches.claims.put(claim('data'));
    expect(berth.ledger.get('uid-data')).toMatchObject({ node: 'n3', selected: false });
  });

  it('comes back while its volume is gone and the choice stands', () => {
    berth.caches.claims.put(claim('data', { selectedNode: 'n1' }));
    berth.caches.volumes.put(volume('data', 'n1', { phase: 'Failed' }));
    expect(berth.ledger.size).toBe(0);
    berth.caches.volumes.remove('pvc-uid-data');
    expect(berth.ledger.get('uid-data')).toMatchObject({ node: 'n1', selected: true });
  });

  it('stands for a claim that got its node without our being asked, as while we were away (trap 78)', async () => {
    berth.caches.claims.put(claim('unasked', { selectedNode: 'n1' }));
    berth.caches.claims.put(claim('data'));
    const { NodeNames, FailedAndUnresolvableNodes } = await berth.filter(pod('es-0', ['data']), ['n1']);
    expect([NodeNames, FailedAndUnresolvableNodes.n1]).toEqual([[], expect.stringContaining('held for prod/unasked')]);
  });
});

describe('a class whose volumes have two copies', () => {
  const safe = (name: string, change: Parameters<typeof claim>[1] = {}) =>
    claim(name, { className: 'safe', ...change });
  const ask = async (name: string, gib: number) => {
    berth.caches.claims.put(safe(name, { gib }));
    return (await berth.filter(pod(name, [name]), ['n1', 'n2'])).FailedAndUnresolvableNodes;
  };

  beforeEach(() => {
    berth.caches.classes.put(storageClass('safe', { 'csi.storage.io/layout': 'raid1' }));
    berth.caches.storages.put(nodeStorage('n1', 400, { diskFree: ['200Gi', '200Gi'] }));
    berth.caches.storages.put(nodeStorage('n2', 400, { diskFree: ['350Gi', '50Gi'] }));
  });

  it('needs two disks with the room, and the pod is told how many there are', async () => {
    expect(await ask('data', 100)).toEqual({
      n2: 'nvme: raid1 needs 2 disks with 100.0 GiB free each; of 2 disks 1 has that',
    });
  });

  it('is held room for both copies, from the choice of the node until the volume is on disk', async () => {
    const full = 'nvme: needs 200.0 GiB, 400 GiB free of 400 GiB; 240.0 GiB held for prod/first';
    berth.caches.claims.put(safe('first', { gib: 120, selectedNode: 'n1' }));
    expect((await ask('data', 100)).n1).toBe(full);
    berth.caches.volumes.put(volume('first', 'n1', { gib: 120, layout: 'raid1', phase: 'Pending' }));
    expect((await ask('data', 100)).n1).toBe('nvme: needs 200.0 GiB, 160.0 GiB free of 400 GiB');
  });
});

describe('after a restart', () => {
  it.each([['claims first'], ['classes first'], ['volumes first']])(
    'holds are rebuilt from annotations: %s',
    (order) => {
      const fresh = createFixture();
      const steps: Record<string, () => void> = {
        claims: () => {
          fresh.caches.claims.put(claim('waiting', { selectedNode: 'n1' }));
          fresh.caches.claims.put(claim('made', { selectedNode: 'n1' }));
          fresh.caches.claims.put(claim('bound', { selectedNode: 'n1', volumeName: 'pvc-uid-bound' }));
          fresh.caches.claims.put(claim('other', { selectedNode: 'n1', className: 'ceph' }));
        },
        classes: () => {
          fresh.caches.classes.put(storageClass('fast'));
          fresh.caches.classes.put({ ...storageClass('ceph'), provisioner: 'rbd.csi.ceph.com' });
        },
        volumes: () => fresh.caches.volumes.put(volume('made', 'n1')),
      };
      const first = order.split(' ')[0] ?? '';
      steps[first]?.();
      for (const [name, step] of Object.entries(steps)) if (name !== first) step();
      expect([...fresh.ledger.entries()].map((entry) => entry.claimKey)).toEqual(['prod/waiting']);
    },
  );
});

describe('members', () => {
  const labels = { 'es-cluster-name': 'es' };
  const scoreOf = async (name: string) => {
    berth.caches.claims.put(claim('probe', { gib: 1 }));
    const scores = await berth.prioritize(pod('probe', ['probe'], { labels }), ['n1', 'n2', 'n3']);
    return scores.find((score) => score.Host === name)?.Score;
  };

  it('are counted from volumes, running pods and holds, and forgotten with them', async () => {
    berth.caches.volumes.put(volume('data-0', 'n1', { gib: 1, cluster: 'es' }));
    berth.caches.pods.put(pod('es-1', [], { labels, nodeName: 'n2' }));
    expect(await scoreOf('n1')).toBe(2);
    expect(await scoreOf('n2')).toBe(2);
    expect(await scoreOf('n3')).toBe(10);
    berth.caches.claims.put(claim('data-2', { gib: 1, selectedNode: 'n3' }));
    berth.caches.pods.put(pod('es-2', ['data-2'], { labels }));
    expect(await scoreOf('n3')).toBe(10);
    berth.caches.volumes.remove('pvc-uid-data-0');
    expect(await scoreOf('n1')).toBe(10);
    expect(await scoreOf('n3')).toBe(2);
  });

  it('are not where their data is given up, and such a node comes last', async () => {
    const old = volume('data-0', 'n1', { gib: 1, cluster: 'es' });
    berth.caches.storages.put(nodeStorage('n3', 10));
    berth.caches.volumes.put({ ...old, metadata: { ...old.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
    berth.caches.volumes.put(volume('data-1', 'n2', { gib: 1, cluster: 'es' }));
    berth.caches.pods.put(pod('es-2', [], { labels, nodeName: 'n2' }));
    expect([await scoreOf('n1'), await scoreOf('n2'), await scoreOf('n3')]).toEqual([5, 6, 10]);
    berth.caches.volumes.remove('pvc-uid-data-0');
    expect(await scoreOf('n1')).toBe(10);
  });

  it('have given up the volume of a claim that was replaced, in whatever order that is seen', async () => {
    const steps = {
      'old volume': () => berth.caches.volumes.put(volume('data-0', 'n1', { gib: 1, cluster: 'es' })),
      'new claim': () => berth.caches.claims.put(claim('data-0', { uid: 'uid-new' })),
      pod: () => berth.caches.pods.put(pod('es-0', ['data-0'], { labels })),
    };
    for (const first of Object.values(steps)) {
      berth.caches.volumes.remove('pvc-uid-data-0');
      berth.caches.claims.remove('prod/data-0');
      berth.caches.pods.remove('prod/es-0');
      first();
      for (const step of Object.values(steps)) if (step !== first) step();
      const { members, leftovers } = berth.view.landscape({});
      const application = JSON.stringify(['prod', 'es', '']);
      expect([...members(application)]).toEqual([]);
      expect([...leftovers(application)]).toEqual([{ member: 'prod/es-0', node: 'n1' }]);
    }
  });

  it('with two volumes count once, whichever of pod and volumes is seen first', async () => {
    const member = pod('es-0', ['data', 'logs'], { labels });
    berth.caches.claims.put(claim('data', { volumeName: 'pvc-uid-data' }));
    berth.caches.volumes.put(volume('data', 'n1', { gib: 1, cluster: 'es' }));
    berth.caches.pods.put(member);
    berth.caches.claims.put(claim('logs', { volumeName: 'pvc-uid-logs' }));
    berth.caches.volumes.put(volume('logs', 'n1', { gib: 1, cluster: 'es' }));
    const around = [...berth.view.landscape({}).members(JSON.stringify(['prod', 'es', '']))];
    expect(around).toEqual([
      { member: 'prod/es-0', node: 'n1' },
      { member: 'prod/es-0', node: 'n1' },
    ]);
  });
});

describe('nodes', () => {
  it('on which LVM does not answer are out, with the sentence of the report', async () => {
    const broken = nodeStorage('n1', 150);
    const condition = {
      type: CONDITION_LVM,
      status: 'False' as const,
      reason: 'LvmFailed',
      message: 'lvm fullreport did not end within 60000 ms and was killed',
    };
    broken.status = { ...broken.status, conditions: [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00Z' }] };
    berth.caches.storages.put(broken);
    berth.caches.claims.put(claim('data'));
    const { FailedAndUnresolvableNodes } = await berth.filter(pod('es-0', ['data']), ['n1', 'n2']);
    expect(FailedAndUnresolvableNodes).toEqual({ n1: `disks: ${condition.message}` });
  });

  it('whose volume group misses a disk get no volumes in it', async () => {
    const partial = nodeStorage('n1', 150);
    const groups = (partial.status?.groups ?? []).map((group) => ({
      ...group,
      problem: 'the volume group misses a disk',
    }));
    berth.caches.storages.put({ ...partial, status: { ...partial.status, groups } });
    berth.caches.claims.put(claim('data'));
    const { FailedAndUnresolvableNodes } = await berth.filter(pod('es-0', ['data']), ['n1', 'n2']);
    expect(FailedAndUnresolvableNodes).toEqual({ n1: 'nvme: the volume group misses a disk' });
  });

  it('whose agent has not been ready for long are out, and in again as soon as it is', async () => {
    const agent = (status: 'True' | 'False') => ({
      metadata: { name: 'berth-agent-x', namespace: 'berth-system', resourceVersion: status },
      spec: { nodeName: 'n1', containers: [] },
      status: { conditions: [{ type: 'Ready', status, lastTransitionTime: berth.clock.now().toISOString() }] },
    });
    berth.caches.claims.put(claim('data'));
    const refused = async () => (await berth.filter(pod('es-0', ['data']), ['n1', 'n2'])).FailedAndUnresolvableNodes;
    berth.caches.agents.put(agent('False'));
    expect(await refused()).toEqual({});
    await berth.clock.advance(300_000);
    expect((await refused()).n1).toMatch(/^its agent, pod berth-system\/berth-agent-x, has not been ready since /);
    berth.caches.agents.put(agent('True'));
    expect(await refused()).toEqual({});
  });

  it('with a report that cannot be read are out, and harm no other node', async () => {
    const broken = nodeStorage('n1', 150);
    const [group] = broken.status?.groups ?? [];
    if (group) group.size = 'much';
    berth.caches.storages.put(broken);
    berth.caches.claims.put(claim('data'));
    const { FailedAndUnresolvableNodes, NodeNames } = await berth.filter(pod('es-0', ['data']), ['n1', 'n2']);
    expect(NodeNames).toEqual(['n2']);
    expect(FailedAndUnresolvableNodes.n1).toContain('"much" is not a size');
  });

  it('count for racks only where the node selector of the pod lets it go', async () => {
    const labels = { 'es-cluster-name': 'es' };
    berth.caches.classes.put(storageClass('fast', { 'csi.storage.io/rack-spread': 'required' }));
    for (const name of ['n1', 'n2']) berth.caches.nodes.put(node(name, { rack: `r-${name}`, zone: 'z' }));
    berth.caches.volumes.put(volume('data-0', 'n1', { gib: 1, cluster: 'es' }));
    berth.caches.volumes.put(volume('data-1', 'n2', { gib: 1, cluster: 'es' }));
    berth.caches.claims.put(claim('data-2', { gib: 1 }));
    const member = pod('es-2', ['data-2'], { labels });
    expect((await berth.filter(member, ['n1', 'n2'])).NodeNames).toEqual([]);
    if (member.spec) member.spec.nodeSelector = { zone: 'z' };
    expect((await berth.filter(member, ['n1', 'n2'])).NodeNames).toEqual(['n1']);
  });
});
