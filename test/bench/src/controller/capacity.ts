import type { BedContext } from '@berth/bed/bed-parts';
import { bundleRoles } from '@berth/e2e/beside';
import { nodeStorage } from '@berth/extender/testing/fixture';
import { CAPACITIES, NODE_STORAGES } from '@berth/kube/resources';
import type { CSIStorageCapacity } from '@berth/kube/types';
import { createWatchCache } from '@berth/kube/watch-cache';
import { systemClock } from '@berth/runtime/clock';
import { silentLogger } from '@berth/runtime/logger';
import { type Bare, withControlPlane } from '../control-plane/control-plane.ts';
import { furnish, inParallel, NODE_GIB } from '../control-plane/furnish.ts';
import { nodeNames } from '../extender/cluster.ts';
import { memoryOf } from '../process-memory.ts';
import { againstFloor, againstGoal, type Result } from '../result.ts';
import { median } from '../statistics.ts';
import { countWrites, untilQuiet, untilWritten } from './capacity-writes.ts';
import { startController } from './start-controller.ts';

const NODES = 5_000;
const CHANGES = 20;

/** What CSIStorageCapacity costs in a large cluster, with one class: at the first start, for each change, and at another start. */
export const benchCapacity = (context: BedContext): Promise<Result[]> =>
  withControlPlane(context, { bed: 'bench-capacity' }, async (bare) => {
    const { progress, signal } = context;
    await progress.step('Bundle the controller', () => bundleRoles({ repository: bare.repository, signal }));
    await progress.step(`Make ${NODES} nodes`, () => furnish(bare, { nodes: NODES, role: 'controller' }));
    const bareMs = await progress.step(`Make ${NODES} objects by hand`, () => createByHand(bare));

    const before = await countWrites(bare);
    const first = await progress.step('Start the controller', async () => {
      const startedMs = performance.now();
      const controller = await startController(bare, 'controller');
      await untilWritten(bare, before + NODES, signal);
      const allMs = performance.now() - startedMs;
      const afterStart = await untilQuiet(bare, signal);
      return { controller, allMs, writes: afterStart - before, memory: await memoryOf(controller.pid) };
    });

    const times = await progress.step(`Change the room of ${CHANGES} nodes`, () => changeRooms(bare, signal));
    const afterChanges = await untilQuiet(bare, signal);
    const changeWrites = afterChanges - before - first.writes;

    const again = await progress.step('Start another controller', async () => {
      await first.controller.stop();
      await startController(bare, 'controller-again');
      return (await untilQuiet(bare, signal)) - afterChanges;
    });
    return [
      againstGoal('capacity: writes at the first start, a node', { value: first.writes / NODES, unit: '', goal: 1 }),
      againstFloor(`capacity: ${NODES} objects at the first start, against as many bare writes`, {
        value: first.allMs / 1000,
        floor: bareMs / 1000,
        unit: 's',
        goal: 1.5,
      }),
      againstGoal('capacity: most memory of the controller', { value: first.memory.peak, unit: 'MiB', goal: 256 }),
      againstGoal('capacity: writes for each change of a node', { value: changeWrites / CHANGES, unit: '', goal: 1 }),
      againstGoal('capacity: change of a node until its object says so', {
        value: median(times),
        unit: 'ms',
        goal: 1_000,
      }),
      againstGoal('capacity: writes at another start', { value: again, unit: '', goal: 0 }),
    ];
  });

/** As many at once as the controller writes. */
const WIDTH = 8;

/** Milliseconds in which the same number of objects is written by who does nothing else; not ours, so that the controller passes them over. */
const createByHand = async ({ client }: Bare): Promise<number> => {
  const startedMs = performance.now();
  await inParallel(nodeNames(NODES), (name) => client.create(CAPACITIES, byHand(name)), WIDTH);
  return performance.now() - startedMs;
};

const byHand = (name: string): CSIStorageCapacity => ({
  metadata: {
    namespace: 'default',
    name: `by-hand-${name}`,
    labels: { 'app.kubernetes.io/managed-by': 'nobody' },
    ownerReferences: [{ apiVersion: 'csi.storage.io/v1alpha1', kind: 'NodeStorage', name, uid: name }],
  },
  storageClassName: 'by-hand',
  nodeTopology: { matchLabels: { 'kubernetes.io/hostname': name } },
  capacity: '4000Gi',
});

/** Changes what one node after another has free; gives the milliseconds until its object says so. */
const changeRooms = async ({ client }: Bare, signal: AbortSignal): Promise<number[]> => {
  const times: number[] = [];
  const watching = new AbortController();
  const capacities = createWatchCache({ client, resource: CAPACITIES, clock: systemClock, logger: silentLogger });
  capacities.start(watching.signal);
  try {
    await capacities.whenSynced(signal);
    for (const [index, name] of nodeNames(CHANGES).entries()) {
      const gib = NODE_GIB - 1 - index;
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = capacities.onChange(({ after }) => {
        if (after?.capacity === `${gib}Gi`) resolve();
      });
      const startedMs = performance.now();
      const { status } = nodeStorage(name, NODE_GIB, { free: gib });
      await client.mergePatch(NODE_STORAGES, { name }, { status: status ?? {} }, { subresource: 'status' });
      await promise;
      times.push(performance.now() - startedMs);
      stop();
    }
    return times;
  } finally {
    watching.abort();
  }
};
