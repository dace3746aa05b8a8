import { parseQuantity } from '@berth/contract/quantity';
import { aClass, VOLUME } from '@berth/controller/testing/builders';
import type { CrashPoint } from '@berth/controller/testing/crashing-client';
import { createFakeCluster, type FakeCluster } from '@berth/controller/testing/fake-cluster';
import { createSteppedController, type SteppedController } from '@berth/controller/testing/stepped-controller';
import { CLAIMS, VOLUMES } from '@berth/kube/resources';
import type { PersistentVolumeClaim } from '@berth/kube/types';
import fc from 'fast-check';

const CLAIM = { namespace: 'shop', name: 'data-es-0' };
/** Fits on any node. */
const LARGEST = '30Gi';
const TOO_LARGE = '50Gi';
/** Longer than the time that a volume without a claim is kept. */
const GRACE_MS = 601_000;

export const clusterHappening = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('controllerSteps') }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('othersStep') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('ask'), size: fc.constantFrom('20Gi', LARGEST, TOO_LARGE) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('deleteClaim', 'deleteVolume', 'wait') }) },
);

type ClusterHappening = typeof clusterHappening extends fc.Arbitrary<infer T> ? T : never;

export interface ClusterPlay {
  readonly reclaimPolicy: 'Delete' | 'Retain';
  readonly firstIsFull: boolean;
  readonly happenings: readonly ClusterHappening[];
  readonly crashes: readonly CrashPoint[];
}

/** Plays the life of one claim; what went wrong, as a sentence. */
export const playCluster = async (given: ClusterPlay): Promise<string | undefined> => {
  const storageClass = aClass({ allowVolumeExpansion: true, reclaimPolicy: given.reclaimPolicy });
  const cluster = await createFakeCluster({ storageClass, largest: LARGEST, full: given.firstIsFull ? ['a'] : [] });
  const controller = await createSteppedController(cluster, { crashes: given.crashes });
  try {
    for (const each of given.happenings) {
      await happen(cluster, controller, each);
      const lost = await findLost(cluster);
      if (lost !== undefined) return `after ${JSON.stringify(each)}: ${lost}`;
    }
    await controller.settle();
    await controller.wait(GRACE_MS);
    await controller.settle();
    return (await findLost(cluster)) ?? (await findUnfinished(cluster, given.reclaimPolicy));
  } finally {
    controller.stop();
  }
};

const happen = async (cluster: FakeCluster, controller: SteppedController, each: ClusterHappening): Promise<void> => {
  switch (each.kind) {
    case 'controllerSteps':
      return controller.step();
    case 'othersStep':
      return cluster.step();
    case 'wait':
      return controller.wait(GRACE_MS);
    case 'deleteClaim':
      return cluster.client.delete(CLAIMS, CLAIM);
    case 'deleteVolume':
      return cluster.client.delete(VOLUMES, { name: VOLUME });
    case 'ask': {
      if (!mayAsk(await cluster.claim(), each.size)) return;
      const patch = { spec: { resources: { requests: { storage: each.size } } } };
      await cluster.client.mergePatch(CLAIMS, CLAIM, patch);
    }
  }
};

/** As the API server has it (ValidatePersistentVolumeClaimUpdate, Kubernetes 1.36): a bound claim may ask for less, but not for as little as it has. */
const mayAsk = (claim: PersistentVolumeClaim | undefined, size: string): boolean => {
  if (claim?.spec?.volumeName === undefined) return false;
  const asked = parseQuantity(claim.spec.resources?.requests?.storage ?? '0');
  const has = parseQuantity(claim.status?.capacity?.storage ?? '0');
  return parseQuantity(size) >= asked || parseQuantity(size) > has;
};

const nodesWithVolume = (cluster: FakeCluster): string[] => ['a', 'b'].filter((node) => cluster.disk(node).has(VOLUME));

/** A claim that is bound has its volume, whatever happens. */
const findLost = async (cluster: FakeCluster): Promise<string | undefined> => {
  const claim = await cluster.claim();
  if (claim?.spec?.volumeName === undefined) return undefined;
  const node = (await cluster.logicalVolume())?.spec.nodeName;
  const places = nodesWithVolume(cluster);
  return places.length === 1 && places[0] === node
    ? undefined
    : `the claim is bound, and its volume of node ${node} is on ${places.join(' and ') || 'no disk'}`;
};

/** What is not as it should be when everything has come to rest. */
const findUnfinished = async (
  cluster: FakeCluster,
  reclaimPolicy: 'Delete' | 'Retain',
): Promise<string | undefined> => {
  const claim = await cluster.claim();
  const places = nodesWithVolume(cluster);
  if (claim === undefined) {
    const left = [await cluster.logicalVolume(), await cluster.persistentVolume(), ...places].filter(Boolean).length;
    return reclaimPolicy === 'Delete' && left > 0 ? 'the claim is gone and something is left' : undefined;
  }
  if (claim.spec?.volumeName !== VOLUME) return 'the claim was never bound';
  // Of a volume that somebody has deleted nothing grows any more, also when it has begun.
  if ((await cluster.persistentVolume())?.metadata?.deletionTimestamp !== undefined) return undefined;
  const asked = claim.spec.resources?.requests?.storage ?? '';
  const has = claim.status?.capacity?.storage ?? '0';
  const { size = '0' } = (await cluster.logicalVolume())?.spec ?? {};
  // What was given before the claim asked for too much may stay with the volume until it asks for something that fits.
  if (asked === TOO_LARGE) return parseQuantity(has) > parseQuantity(size) ? `${has} of ${size} were given` : undefined;
  // More is right where it asked for more before: what has grown never shrinks.
  const isMet = size === has && parseQuantity(has) >= parseQuantity(asked);
  return isMet ? undefined : `the claim asks for ${asked}, has ${has} and its volume ${size}`;
};
