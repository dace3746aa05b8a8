import { AppError } from '@berth/contract/errors';
import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { describe, expect, it } from 'vitest';
import { startReconciler } from './reconciler.ts';

const setUp = (reconcile: (key: string) => Promise<{ againAfterMs?: number } | undefined>, workers = 4) => {
  const clock = createManualClock();
  const controller = new AbortController();
  const reconciler = startReconciler({
    name: 'test',
    reconcile,
    workers,
    clock,
    logger: silentLogger,
    signal: controller.signal,
  });
  return { clock, controller, ...reconciler };
};

describe('a reconciler', () => {
  it('runs once for many additions while the key waits', async () => {
    const runs: string[] = [];
    const { clock, add } = setUp(async (key) => {
      runs.push(key);
      return undefined;
    }, 1);
    for (let index = 0; index < 10; index += 1) add('a');
    add('b');
    await clock.advance(0);
    expect(runs.filter((key) => key === 'b')).toHaveLength(1);
    expect(runs.filter((key) => key === 'a').length).toBeLessThanOrEqual(2);
  });

  it('never runs a key twice at once, and runs it again when it was added meanwhile', async () => {
    const gates: (() => void)[] = [];
    let active = 0;
    let most = 0;
    const { clock, add } = setUp(async () => {
      active += 1;
      most = Math.max(most, active);
      await new Promise<void>((resolve) => gates.push(resolve));
      active -= 1;
      return undefined;
    });
    add('a');
    await clock.advance(0);
    add('a');
    add('a');
    await clock.advance(0);
    expect(gates).toHaveLength(1);
    gates[0]?.();
    await clock.advance(0);
    expect(gates).toHaveLength(2);
    gates[1]?.();
    await clock.advance(0);
    expect([most, gates.length]).toEqual([1, 2]);
  });

  it('tries again with growing delay after errors, and starts afresh after a success', async () => {
    const at: number[] = [];
    let failing = true;
    const { clock, add } = setUp(async () => {
      at.push(clock.monotonicMs());
      if (failing) throw new AppError('Unavailable', 'down');
      return undefined;
    });
    add('a');
    await clock.advance(1_500);
    expect(at).toEqual([0, 200, 600, 1400]);
    failing = false;
    await clock.advance(1_600);
    failing = true;
    add('a');
    await clock.advance(200);
    expect(at.slice(-2).map((time) => time - 3_100)).toEqual([0, 200]);
  });

  it('comes back after the time the work asked for', async () => {
    const at: number[] = [];
    const { clock, add } = setUp(async () => {
      at.push(clock.monotonicMs());
      return at.length === 1 ? { againAfterMs: 5_000 } : undefined;
    });
    add('a');
    await clock.advance(10_000);
    expect(at).toEqual([0, 5_000]);
  });

  it('stops when told', async () => {
    let runs = 0;
    const { clock, controller, add, addAfter } = setUp(async () => {
      runs += 1;
      return undefined;
    });
    addAfter('a', 100);
    controller.abort();
    add('b');
    await clock.advance(1_000);
    expect(runs).toBe(0);
  });

  it('says when it has stopped: after the run that was under way', async () => {
    const gate = Promise.withResolvers<undefined>();
    const { clock, controller, add, stopped } = setUp(() => gate.promise);
    let hasStopped = false;
    void stopped.then(() => {
      hasStopped = true;
    });
    add('a');
    await clock.advance(0);
    controller.abort();
    await clock.advance(0);
    expect(hasStopped).toBe(false);
    gate.resolve(undefined);
    await clock.advance(0);
    expect(hasStopped).toBe(true);
  });
});
