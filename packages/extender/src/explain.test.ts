import { AppError } from '@berth/contract/errors';
import { Rooms } from '@berth/placement/rooms';
import { silentLogger } from '@berth/runtime/logger';
import { beforeEach, describe, expect, it } from 'vitest';
import { createDecisionLog } from './decision-log.ts';
import { createExplain } from './explain.ts';
import { claim, createFixture, nodeStorage, pod, storageClass } from './testing/fixture.ts';

let berth: ReturnType<typeof createFixture>;

beforeEach(() => {
  berth = createFixture();
  berth.caches.classes.put(storageClass('fast'));
  for (const [name, gib] of [
    ['n1', 500],
    ['n2', 400],
    ['n3', 10],
  ] as const) {
    berth.caches.storages.put(nodeStorage(name, gib));
  }
  berth.caches.claims.put(claim('data', { gib: 100 }));
});

const ask = async (path: string, headers: Record<string, string> = { authorization: 'Bearer good' }) => {
  const explain = createExplain({
    decisions: berth.decisions,
    review: async (token, { verb, resource, namespace, name }) => {
      if (token === 'broken') throw new AppError('Unavailable', 'no answer');
      if (token !== 'good') return 'unauthenticated';
      return `${verb} ${resource} ${namespace}/${name}` === 'get pods prod/es-0' ? 'allowed' : 'denied';
    },
    logger: silentLogger,
  });
  const request = { method: 'GET', path, headers, body: Buffer.alloc(0) };
  const { status, body } = await explain(request, new AbortController().signal);
  return { status, body: status === 200 ? (JSON.parse(String(body)) as unknown) : String(body) };
};

describe('explain', () => {
  it('tells of every node why it was offered, passed over, or refused', async () => {
    await berth.filter(pod('es-0', ['data'], { labels: { 'es-cluster-name': 'es' } }), ['n1', 'n2', 'n3', 'n4']);
    expect(await ask('/explain/prod/es-0')).toEqual({
      status: 200,
      body: {
        pod: 'prod/es-0',
        at: '2026-01-01T00:00:00.000Z',
        outcome: 'placed',
        nodes: {
          n1: { verdict: 'offered', score: 0.96, sure: true },
          n2: { verdict: 'fits', score: 0.95, sure: true },
          n3: { verdict: 'refused', reasons: ['nvme: needs 100 GiB, 10 GiB free of 10 GiB'] },
          n4: { verdict: 'refused', reasons: ['the node has reported no disks'] },
        },
      },
    });
  });

  it('tells why nothing could be decided', async () => {
    await berth.filter(pod('es-0', ['unseen']), ['n1']);
    expect(await ask('/explain/prod/es-0')).toMatchObject({
      body: { outcome: 'retry', reason: 'claim prod/unseen is not known here yet', nodes: {} },
    });
  });

  it('answers only those who may read the pod', async () => {
    await berth.filter(pod('es-0', ['data']), ['n1']);
    expect((await ask('/explain/prod/es-0', {})).status).toBe(401);
    expect((await ask('/explain/prod/es-0', { authorization: 'Bearer stolen' })).status).toBe(401);
    expect(await ask('/explain/prod/es-1')).toEqual({
      status: 403,
      body: 'you may not read pod es-1 in namespace prod',
    });
    expect((await ask('/explain/prod/es-0', { authorization: 'Bearer broken' })).status).toBe(503);
  });

  it('says what it does not remember, and how to ask', async () => {
    expect(await ask('/explain/prod/es-0')).toMatchObject({ status: 404, body: expect.stringContaining('remembered') });
    expect(await ask('/explain/prod')).toMatchObject({ status: 404, body: 'ask for /explain/NAMESPACE/POD' });
  });
});

it('forgets the oldest decisions first, and counts a pod that comes again once', async () => {
  const log = createDecisionLog(5);
  const decision = {
    outcome: 'refused' as const,
    result: { Nodes: null, NodeNames: [], FailedNodes: {}, FailedAndUnresolvableNodes: {}, Error: '' },
    claims: [],
    rooms: new Rooms(0),
    refused: new Map([['n1', ['full']]]),
    objections: new Map(),
  };
  for (const name of ['a', 'a', 'b', 'c']) log.record(name, decision, new Date(0));
  expect(['a', 'b', 'c'].map((name) => log.explain(name) !== undefined)).toEqual([false, true, true]);
});
