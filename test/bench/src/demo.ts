import type { BedContext } from '@berth/bed/bed-parts';
import { demoNodes } from '@berth/bed/demo-nodes';
import { startBed } from '@berth/bed/start-bed';
import * as acts from '@berth/e2e/demo/acts';
import { deployBerth } from '@berth/e2e/deploy-berth';
import { readAllocatable } from '@berth/e2e/storage-facts';
import { againstFloor, againstGoal, type Result } from './result.ts';

const BED = 'bench';

/**
 * The demo's own times: cluster, Berth, and the set with its six volumes against the same set without any. What the bed keeps
 * between runs must be there already, or the first line says how long it took to make.
 */
export const benchDemo = async (context: BedContext): Promise<Result[]> => {
  const { paths, progress, signal } = context;
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const startedMs = performance.now();
    await work();
    return (performance.now() - startedMs) / 1000;
  };

  const startedMs = performance.now();
  const bed = await startBed(context, { name: BED, nodes: demoNodes(3) });
  try {
    const ready = (performance.now() - startedMs) / 1000;
    const deployed = await timed(() =>
      deployBerth({ bed, repository: paths.repository, runDir: paths.run(BED), progress, signal }),
    );
    const stage: acts.Stage = {
      bed,
      repository: paths.repository,
      namespace: 'default',
      nodes: [...bed.nodes.keys()],
      signal,
    };
    const before = await readAllocatable(bed);
    const runPlain = async () => {
      const seconds = await timed(() => acts.runWithoutVolumes(stage));
      await acts.deleteElasticsearch(stage, before);
      return seconds;
    };
    // What runs first reads the image and its programs from the disk.
    await runPlain();
    const plain = await runPlain();
    const running = await timed(async () => {
      await acts.applyElasticsearch(stage);
      await acts.awaitMembers(stage);
    });
    const deleted = await timed(() => acts.deleteElasticsearch(stage, before));
    return [
      againstGoal('demo: three nodes Ready', { value: ready, unit: 's', goal: 60 }),
      againstGoal('demo: Berth deployed', { value: deployed, unit: 's', goal: 90 }),
      againstFloor('demo: set of three with six volumes Running', { value: running, floor: plain, unit: 's', goal: 4 }),
      againstGoal('demo: set, claims and volumes deleted', { value: deleted, unit: 's', goal: 60 }),
    ];
  } finally {
    await bed.stop();
  }
};
