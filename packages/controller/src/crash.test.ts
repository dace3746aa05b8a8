import { PRE_RESIZE_CAPACITY_ANNOTATION } from '@berth/contract/names';
import { CLAIMS, LOGICAL_VOLUMES, NODES, VOLUMES } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { RETAINED_SINCE } from './mark.ts';
import { aClass, VOLUME } from './testing/builders.ts';
import type { CrashPoint } from './testing/crashing-client.ts';
import { createFakeCluster, type FakeCluster, type FakeClusterOptions } from './testing/fake-cluster.ts';
import { createSteppedController, type SteppedController } from './testing/stepped-controller.ts';

interface Scenario {
  readonly name: string;
  readonly cluster?: FakeClusterOptions;
  readonly play: (cluster: FakeCluster, controller: SteppedController) => Promise<void>;
  readonly check: (cluster: FakeCluster) => Promise<void>;
}

const MY_CLAIM = { namespace: 'shop', name: 'data-es-0' };

const isBoundOn = async (cluster: FakeCluster, node: string): Promise<void> => {
  expect((await cluster.claim())?.spec?.volumeName).toBe(VOLUME);
  expect((await cluster.logicalVolume())?.spec.nodeName).toBe(node);
  expect((await cluster.persistentVolume())?.status?.phase).toBe('Bound');
  expect(['a', 'b'].filter((name) => cluster.disk(name).has(VOLUME))).toEqual([node]);
};

const nothingIsLeft = async (cluster: FakeCluster): Promise<void> => {
  expect(await cluster.logicalVolume()).toBeUndefined();
  expect(await cluster.persistentVolume()).toBeUndefined();
  expect([...cluster.disk('a'), ...cluster.disk('b')]).toEqual([]);
};

const ask = (cluster: FakeCluster, storage: string) =>
  cluster.client.mergePatch(CLAIMS, MY_CLAIM, { spec: { resources: { requests: { storage } } } });

const hasSize = async (cluster: FakeCluster, size: string): Promise<void> => {
  const claim = await cluster.claim();
  const volume = await cluster.persistentVolume();
  expect(claim?.status).toMatchObject({ capacity: { storage: size }, allocatedResources: { storage: size } });
  expect(claim?.status?.allocatedResourceStatuses?.storage).toBeUndefined();
  expect(volume?.spec?.capacity?.storage).toBe(size);
  expect(volume?.metadata?.annotations).not.toHaveProperty([PRE_RESIZE_CAPACITY_ANNOTATION]);
  const logicalVolume = await cluster.logicalVolume();
  expect([logicalVolume?.spec.size, logicalVolume?.status?.size]).toEqual([size, size]);
};

const deleteClaimAfter = (steps: number): Scenario => ({
  name: `the claim is deleted after ${steps} steps of its making (trap 83)`,
  play: async (cluster, controller) => {
    for (let step = 0; step < steps; step += 1) await (step % 2 === 0 ? cluster.step() : controller.step());
    await cluster.client.delete(CLAIMS, MY_CLAIM);
    await controller.settle();
    await controller.wait(601_000);
    await controller.settle();
  },
  check: nothingIsLeft,
});

const scenarios: readonly Scenario[] = [
  {
    name: 'a claim is bound',
    play: (_cluster, controller) => controller.settle(),
    check: (cluster) => isBoundOn(cluster, 'a'),
  },
  {
    name: 'the first node has no room',
    cluster: { full: ['a'] },
    play: (_cluster, controller) => controller.settle(),
    check: (cluster) => isBoundOn(cluster, 'b'),
  },
  {
    name: 'the first node disappears before its agent did anything (traps 81, 85)',
    play: async (cluster, controller) => {
      await cluster.step();
      await controller.step();
      await cluster.client.delete(NODES, { name: 'a' });
      await controller.settle();
    },
    check: (cluster) => isBoundOn(cluster, 'b'),
  },
  {
    name: 'a bound claim is deleted',
    play: async (cluster, controller) => {
      await controller.settle();
      await cluster.client.delete(CLAIMS, MY_CLAIM);
      await controller.settle();
    },
    check: nothingIsLeft,
  },
  {
    name: 'claim and persistent volume are deleted by hand, the volume first',
    play: async (cluster, controller) => {
      await controller.settle();
      await cluster.client.delete(VOLUMES, { name: VOLUME });
      await controller.settle();
      expect(cluster.disk('a').has(VOLUME)).toBe(true);
      await cluster.client.delete(CLAIMS, MY_CLAIM);
      await controller.settle();
    },
    check: nothingIsLeft,
  },
  {
    name: 'a retained volume outlives its persistent volume, until it is deleted by hand (trap 84)',
    cluster: { storageClass: aClass({ reclaimPolicy: 'Retain' }) },
    play: async (cluster, controller) => {
      await controller.settle();
      await cluster.client.delete(CLAIMS, MY_CLAIM);
      await controller.settle();
      await cluster.client.delete(VOLUMES, { name: VOLUME });
      await controller.settle();
      await controller.wait(3_600_000);
      await controller.settle();
      expect(cluster.disk('a').has(VOLUME)).toBe(true);
      expect(await cluster.persistentVolume()).toBeUndefined();
      expect((await cluster.logicalVolume())?.metadata.annotations).toHaveProperty([RETAINED_SINCE]);
      await cluster.client.delete(LOGICAL_VOLUMES, { name: VOLUME });
      await controller.settle();
    },
    check: nothingIsLeft,
  },
  {
    name: 'a claim is deleted after its node has gone (trap 85)',
    play: async (cluster, controller) => {
      await controller.settle();
      await cluster.client.delete(NODES, { name: 'a' });
      await controller.settle();
      await isBoundOn(cluster, 'a');
      await cluster.client.delete(CLAIMS, MY_CLAIM);
      await controller.settle();
    },
    check: async (cluster) => {
      expect(await cluster.logicalVolume()).toBeUndefined();
      expect(await cluster.persistentVolume()).toBeUndefined();
    },
  },
  {
    name: 'a claim asks for more',
    cluster: { storageClass: aClass({ allowVolumeExpansion: true }) },
    play: async (cluster, controller) => {
      await controller.settle();
      await ask(cluster, '30Gi');
      await controller.settle();
    },
    check: (cluster) => hasSize(cluster, '30Gi'),
  },
  {
    name: 'a claim asks for more than there is, then for what there is',
    cluster: { storageClass: aClass({ allowVolumeExpansion: true }), largest: '20Gi' },
    play: async (cluster, controller) => {
      await controller.settle();
      await ask(cluster, '30Gi');
      await controller.settle();
      const claim = await cluster.claim();
      expect(claim?.status?.allocatedResourceStatuses?.storage).toBe('ControllerResizeInfeasible');
      expect(claim?.status?.capacity?.storage).toBe('10Gi');
      expect((await cluster.logicalVolume())?.spec.size).toBe('10Gi');
      await ask(cluster, '20Gi');
      await controller.settle();
    },
    check: (cluster) => hasSize(cluster, '20Gi'),
  },
  {
    name: 'a claim is deleted while it grows',
    cluster: { storageClass: aClass({ allowVolumeExpansion: true }) },
    play: async (cluster, controller) => {
      await controller.settle();
      await ask(cluster, '30Gi');
      await controller.step();
      await cluster.client.delete(CLAIMS, MY_CLAIM);
      await controller.settle();
    },
    check: nothingIsLeft,
  },
  ...[2, 3, 4, 5, 6].map(deleteClaimAfter),
];

const run = async (scenario: Scenario, ...crashes: CrashPoint[]): Promise<number> => {
  const cluster = await createFakeCluster(scenario.cluster);
  const controller = await createSteppedController(cluster, { crashes });
  try {
    await scenario.play(cluster, controller);
    await scenario.check(cluster);
  } finally {
    controller.stop();
  }
  return controller.calls();
};

describe.each(scenarios)('$name', (scenario) => {
  it('ends right', async () => {
    expect(await run(scenario)).toBeGreaterThan(0);
  });

  it('ends right with a crash before or after any of its calls', { timeout: 180_000 }, async () => {
    const calls = await run(scenario);
    for (let call = 0; call < calls; call += 1) {
      for (const when of ['before', 'after'] as const) {
        await run(scenario, { call, when }).catch((cause: unknown) => {
          throw new Error(`with a crash ${when} call ${call} of ${calls}`, { cause });
        });
      }
    }
  });
});
