import { beforeEach, describe, expect, it } from 'vitest';
import { claim, createFixture, nodeStorage, pod, storageClass } from './testing/fixture.ts';

let berth: ReturnType<typeof createFixture>;

beforeEach(() => {
  berth = createFixture();
  berth.caches.classes.put(storageClass('fast'));
  berth.caches.storages.put(nodeStorage('roomy', 500));
  berth.caches.storages.put(nodeStorage('full', 10));
  berth.caches.claims.put(claim('data', { gib: 100 }));
});

const victims = { Pods: [{ UID: 'uid-batch' }], NumPDBViolations: 1 };
const asked = { NodeNameToVictims: null, NodeNameToMetaVictims: { roomy: victims, full: victims } };
const preempt = async (body: object) => JSON.parse(String((await berth.post('/preempt', body)).body)) as unknown;

describe('preempt', () => {
  it('lets nobody be evicted where the disks have no room: evicted pods leave their volumes behind', async () => {
    expect(await preempt({ Pod: pod('es-0', ['data']), ...asked })).toEqual({
      NodeNameToMetaVictims: { roomy: victims },
    });
    expect(berth.ledger.size).toBe(0);
  });

  it('has no objection for pods without claims of ours', async () => {
    expect(await preempt({ Pod: pod('web', []), ...asked })).toEqual({
      NodeNameToMetaVictims: asked.NodeNameToMetaVictims,
    });
  });

  it('lets nobody be evicted while it can not tell', async () => {
    berth.caches.volumes.synced = false;
    expect(await preempt({ Pod: pod('es-0', ['data']), ...asked })).toEqual({ NodeNameToMetaVictims: {} });
  });

  it('understands whole pods as victims and answers with their UIDs', async () => {
    const whole = { Pods: [{ metadata: { uid: 'uid-batch', name: 'batch' }, spec: {} }], NumPDBViolations: 1 };
    const body = { Pod: pod('es-0', ['data']), NodeNameToVictims: { roomy: whole }, NodeNameToMetaVictims: null };
    expect(await preempt(body)).toEqual({ NodeNameToMetaVictims: { roomy: victims } });
  });

  it('answers 400 and names the fault of a malformed body (trap 80)', async () => {
    const response = await berth.post('/preempt', {
      Pod: pod('es-0', []),
      NodeNameToMetaVictims: { n1: { Pods: [{}] } },
    });
    expect(response.status).toBe(400);
    expect(String(response.body)).toContain('NodeNameToMetaVictims.n1.Pods.0.UID');
    expect(String((await berth.post('/preempt', { Pod: pod('es-0', []) })).body)).toContain('neither');
  });
});
