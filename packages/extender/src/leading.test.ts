import type { KubeClient } from '@berth/kube/client';
import { LEASES } from '@berth/kube/resources';
import { createFakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { expect, it } from 'vitest';
import { createLeading } from './leading.ts';

const LEASE = { namespace: 'berth-system', name: 'berth-extender' };

const setUp = () => {
  const client = createFakeKubeClient();
  const clock = createManualClock();

  const replica = (identity: string, options: { readonly knowsEnough?: boolean; readonly via?: KubeClient } = {}) => {
    const { knowsEnough = true, via = client } = options;
    const controller = new AbortController();
    const leading = createLeading({
      client: via,
      lease: LEASE,
      identity,
      whenSynced: (signal) =>
        knowsEnough
          ? Promise.resolve()
          : new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      work: async () => {},
      clock,
      logger: silentLogger,
    });
    const ended = leading.run(controller.signal);
    return {
      answers: () => leading.refusal() === undefined,
      stop: () => controller.abort(new Error('stopped')),
      ended,
    };
  };

  return { client, clock, replica };
};

it('answers at once when nobody leads, and again when the lease was given back', async () => {
  const { clock, replica } = setUp();
  const first = replica('one');
  await clock.advance(0);
  expect(first.answers()).toBe(true);
  first.stop();
  await clock.advance(1_000);
  await first.ended;
  const second = replica('two');
  await clock.advance(0);
  expect(second.answers()).toBe(true);
});

it('is followed by another at least a second after its last answer, and within 2 s, when it stops', async () => {
  const { clock, replica } = setUp();
  const [first, second] = [replica('one'), replica('two')];
  await clock.advance(10_000);
  expect([first.answers(), second.answers()]).toEqual([true, false]);
  first.stop();
  await clock.advance(999);
  expect([first.answers(), second.answers()]).toEqual([false, false]);
  await clock.advance(1_001);
  expect(second.answers()).toBe(true);
});

it('is followed by another within 5 s when it dies, at least a second after it could have answered', async () => {
  const { client, clock, replica } = setUp();
  const cut = { isCut: false };
  const hung = (signal?: AbortSignal) =>
    new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  const via: KubeClient = {
    ...client,
    get: (resource, ref, signal) => (cut.isCut ? hung(signal) : client.get(resource, ref, signal)),
    mergePatch: (...call) => (cut.isCut ? hung(call[4]) : client.mergePatch(...call)),
  };
  const [first, second] = [replica('one', { via }), replica('two')];
  await clock.advance(10_000);
  cut.isCut = true;
  let [lastMs, nextMs] = [0, 0];
  for (let ms = 0; ms < 5_000; ms += 20) {
    if (first.answers()) lastMs = ms;
    if (second.answers() && nextMs === 0) nextMs = ms;
    await clock.advance(20);
  }
  expect(nextMs - lastMs).toBeGreaterThanOrEqual(1_000);
});

it('waits for one that knows enough, but not for ever, and never leads without the lease', async () => {
  const { client, clock, replica } = setUp();
  const ignorant = replica('one', { knowsEnough: false });
  await clock.advance(29_000);
  expect(ignorant.answers()).toBe(false);
  expect(await client.get(LEASES, LEASE)).toBeUndefined();
  const knowing = replica('two');
  await clock.advance(10_000);
  expect([ignorant.answers(), knowing.answers()]).toEqual([false, true]);
  knowing.stop();
  await clock.advance(2_000);
  expect(ignorant.answers()).toBe(true);
});
