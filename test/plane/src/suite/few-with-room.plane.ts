import { extenderMetrics } from '@berth/e2e/beside';
import { CAPACITIES, NODES } from '@berth/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addSilentNodes } from '../nodes/silent-nodes.ts';
import { metricOf } from '../testing/extender-metrics.ts';
import { useStage } from '../testing/use-stage.ts';

/** Of so many nodes kube-scheduler looks, for each pod, only for the next 120 that its own filters let through. */
const NAMES = Array.from({ length: 250 }, (_, index) => `few-${index}`);
/** Three looks go once around. */
const MOST_REFUSALS = 2;

const stage = useStage('few', [{ name: 'few-with-room', rack: 'r1', gib: 6 }]);
let remove: () => Promise<void> = async () => {};

let happenings = 0;
let life: NodeJS.Timeout;

beforeAll(async () => {
  remove = await addSilentNodes(stage.client, NAMES, 1);
  // In a cluster of this size something always happens.
  const happen = (metadata: object) => stage.client.mergePatch(NODES, { name: NAMES[0] ?? '' }, { metadata });
  life = setInterval(() => {
    happenings += 1;
    happen({ labels: { happenings: String(happenings) } }).catch(() => undefined);
  }, HAPPENING_MS);
});

afterAll(async () => {
  clearInterval(life);
  await remove();
});

/** Two thousand objects are made. */
const MADE_MS = 90_000;
/** An attempt that failed is repeated when something happens in the cluster; if all else fails, after five minutes. */
const PLACED_MS = 330_000;
const HAPPENING_MS = 2_000;

const PODS = ['one', 'two', 'three'];

/** Places the pods one after another, each with claims of this size, on the one node that has room for them. */
const placeEach = async (claimsEach: number, size: string): Promise<void> => {
  for (const pod of PODS) {
    const claims = Array.from({ length: claimsEach }, (_, index) => `${pod}-${index}`);
    for (const name of claims) await stage.makeClaim({ name, className: 'berth-nvme', size });
    await stage.makePod({ name: pod, claims });
    await stage.soon(() => stage.nodeOf(pod), PLACED_MS).toBe('few-with-room');
  }
};

const clear = async (claimsEach: number): Promise<void> => {
  for (const pod of PODS) {
    await stage.deletePod(pod);
    for (let index = 0; index < claimsEach; index += 1) await stage.deleteClaim(`${pod}-${index}`);
  }
  await stage.soon(stage.leftovers).toEqual([]);
};

describe('one node with room among hundreds', () => {
  it('is found at the first attempt: the others are ruled out before the scheduler has looked at enough', async () => {
    const told = async () => {
      const { items } = await stage.client.list(CAPACITIES);
      return items.filter(({ storageClassName }) => storageClassName === 'berth-nvme').length;
    };
    await stage.soon(told, MADE_MS).toBe(NAMES.length + 1);
    await placeEach(1, '2Gi');
    const failures = (await Promise.all(PODS.map((pod) => stage.told(pod))))
      .flat()
      .filter((text) => text.startsWith('FailedScheduling'));
    expect(failures).toEqual([]);
    await clear(1);
  });

  const allLookedAt =
    'is found once all have been looked at, where the claims of a pod have room alone but not together';
  it(allLookedAt, { timeout: PODS.length * PLACED_MS }, async () => {
    const metrics = await extenderMetrics(stage.plane.bed);
    const refusals = () =>
      metricOf(metrics, 'berth_extender_request_duration_seconds_count{verb="filter",outcome="refused"}');
    const before = await refusals();
    await placeEach(2, '1Gi');
    expect((await refusals()) - before).toBeLessThanOrEqual(PODS.length * MOST_REFUSALS);
    await clear(2);
  });
});
