import { AppError } from '@berth/contract/errors';
import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { describe, expect, it } from 'vitest';
import type { KubeClient } from './client.ts';
import { fenced } from './fenced-client.ts';
import { type Leadership, whileLeading } from './leader-election.ts';
import { CLAIMS, LEASES } from './resources.ts';
import { createFakeKubeClient } from './testing/fake-kube-client.ts';

const LEASE = { namespace: 'berth-system', name: 'berth-controller' };

const setUp = () => {
  const client = createFakeKubeClient();
  const clock = createManualClock();
  const leading = new Set<string>();
  const history: string[] = [];

  /** A candidate whose work is to be in the set of leaders; `via` is its own connection to the API server. */
  const candidate = (identity: string, via: KubeClient = client) => {
    const controller = new AbortController();
    let leadership: Leadership | undefined;
    const work = async (given: Leadership) => {
      leadership = given;
      leading.add(identity);
      history.push(`${identity} at ${clock.monotonicMs()}`);
      await new Promise((resolve) => given.signal.addEventListener('abort', resolve));
      leading.delete(identity);
    };
    const options = { client: via, lease: LEASE, identity, clock, logger: silentLogger };
    const ended = whileLeading(options, work, controller.signal);
    return { ended, stop: () => controller.abort(new Error('stopped')), leadership: () => leadership };
  };

  const lease = async () => (await client.get(LEASES, LEASE))?.spec;
  return { client, clock, candidate, leading, history, lease };
};

/** A connection that can be cut: calls then stay without an answer until they are given up. */
const cuttable = (client: KubeClient) => {
  let isCut = false;
  const hung = (signal?: AbortSignal) =>
    new Promise<never>((_, reject) =>
      signal?.addEventListener('abort', () => reject(new AppError('Aborted', 'given up'))),
    );
  const via: KubeClient = {
    ...client,
    get: (resource, ref, signal) => (isCut ? hung(signal) : client.get(resource, ref, signal)),
    create: (resource, object, signal) => (isCut ? hung(signal) : client.create(resource, object, signal)),
    mergePatch: (resource, ref, patch, options, signal) =>
      isCut ? hung(signal) : client.mergePatch(resource, ref, patch, options, signal),
  };
  return {
    via,
    cut: () => {
      isCut = true;
    },
    mend: () => {
      isCut = false;
    },
  };
};

describe('the election of a leader', () => {
  it('is won at once when there is no lease, and the lease says so as Kubernetes reads it', async () => {
    const { clock, candidate, leading, lease } = setUp();
    candidate('one');
    await clock.advance(0);
    expect([...leading]).toEqual(['one']);
    expect(await lease()).toEqual({
      holderIdentity: 'one',
      leaseDurationSeconds: 5,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
  });

  it('has one winner, who stays', async () => {
    const { clock, candidate, history, lease } = setUp();
    for (const name of ['one', 'two', 'three']) candidate(name);
    await clock.advance(120_000);
    expect(history).toEqual(['one at 0']);
    expect(await lease()).toMatchObject({ holderIdentity: 'one', leaseTransitions: 0 });
    expect(Date.parse((await lease())?.renewTime ?? '')).toBeGreaterThan(clock.now().getTime() - 1_500);
  });

  it('is won by the next within one retry when the leader stops, and the leader stopped its work first', async () => {
    const { clock, candidate, leading, history } = setUp();
    const first = candidate('one');
    candidate('two');
    await clock.advance(10_000);
    first.stop();
    await first.ended;
    expect([...leading]).toEqual([]);
    await clock.advance(1_200);
    expect(history.map((line) => line.split(' ')[0])).toEqual(['one', 'two']);
  });

  it('is won at once by a process that finds a lease that was given back', async () => {
    const { clock, candidate, leading, lease } = setUp();
    const first = candidate('one');
    await clock.advance(10_000);
    first.stop();
    await first.ended;
    candidate('two');
    await clock.advance(0);
    expect([...leading]).toEqual(['two']);
    expect((await lease())?.leaseTransitions).toBe(1);
  });

  it('is won within 6.2 s after the leader died, and never earlier than the leader had to stop', async () => {
    const { client, clock, candidate, leading } = setUp();
    const { via, cut } = cuttable(client);
    const first = candidate('one', via);
    candidate('two');
    await clock.advance(10_000);
    cut();
    const stoppedBy = 3_500;
    await clock.advance(stoppedBy);
    expect([...leading]).toEqual([]);
    expect(() => first.leadership()?.check()).toThrow('not the leader any more');
    await clock.advance(6_200 - stoppedBy);
    expect([...leading]).toEqual(['two']);
  });

  it('never has two leaders, whatever is cut and for how long', async () => {
    const { client, clock, candidate, leading, history } = setUp();
    const lines = [cuttable(client), cuttable(client), cuttable(client)];
    for (const [index, line] of lines.entries()) candidate(`c${index}`, line.via);
    for (let turn = 0; turn < 300; turn += 1) {
      const line = lines[turn % 3];
      if (turn % 4 < 2) line?.cut();
      else line?.mend();
      for (let part = 0; part < 7; part += 1) {
        await clock.advance(173 + turn);
        expect(leading.size).toBeLessThanOrEqual(1);
      }
    }
    expect(history.length).toBeGreaterThan(10);
  });

  it('is lost at once when somebody else took the lease', async () => {
    const { client, clock, candidate, leading } = setUp();
    candidate('one');
    await clock.advance(3_000);
    await client.mergePatch(LEASES, LEASE, { spec: { holderIdentity: 'by hand' } });
    await clock.advance(2_400);
    expect([...leading]).toEqual([]);
  });

  it('survives one failed renewal, and a label that somebody put on the lease', async () => {
    const { client, clock, candidate, history } = setUp();
    candidate('one');
    await clock.advance(3_000);
    await client.mergePatch(LEASES, LEASE, { metadata: { labels: { team: 'storage' } } });
    await clock.advance(30_000);
    expect(history).toEqual(['one at 0']);
  });

  it('does not trust the clock of the one who holds the lease', async () => {
    const { client, clock, candidate, leading } = setUp();
    const renewTime = '2020-01-01T00:00:00.000000Z';
    await client.create(LEASES, {
      metadata: { ...LEASE },
      spec: { holderIdentity: 'slow clock', leaseDurationSeconds: 5, renewTime },
    });
    candidate('one');
    await clock.advance(4_900);
    expect([...leading]).toEqual([]);
    await clock.advance(1_300);
    expect([...leading]).toEqual(['one']);
  });

  it('ends when the work ends, gives the lease back, and passes on what the work threw', async () => {
    const { client, clock, lease } = setUp();
    const options = { client, lease: LEASE, identity: 'one', clock, logger: silentLogger };
    const never = new AbortController().signal;
    const work = async () => {
      throw new AppError('Internal', 'broken');
    };
    await Promise.all([expect(whileLeading(options, work, never)).rejects.toThrow('broken'), clock.advance(5_000)]);
    expect((await lease())?.holderIdentity).toBe('');
  });
});

describe('a fenced client', () => {
  it('reads always and writes only while the check passes', async () => {
    const client = createFakeKubeClient();
    let isLeader = true;
    const guarded = fenced(client, () => {
      if (!isLeader) throw new AppError('Aborted', 'not the leader');
    });
    const ref = { namespace: 'shop', name: 'data' };
    await guarded.create(CLAIMS, { metadata: ref });
    isLeader = false;
    expect(await guarded.get(CLAIMS, ref)).toBeDefined();
    const writes = [
      () => guarded.create(CLAIMS, { metadata: { ...ref, name: 'other' } }),
      () => guarded.mergePatch(CLAIMS, ref, { metadata: { labels: { a: 'b' } } }),
      () => guarded.apply(CLAIMS, { metadata: ref }, { fieldManager: 'test' }),
      () => guarded.delete(CLAIMS, ref),
    ];
    for (const write of writes) await expect(write()).rejects.toThrow('not the leader');
    expect(client.calls.filter((call) => !call.startsWith('GET'))).toHaveLength(1);
  });
});
