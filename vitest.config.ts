import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const MINUTE_MS = 60_000;

/** End-to-end tests that hold the whole cluster come first: in the midst of others, they would wait for all of them. */
class ClusterFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const holdsAll = ({ moduleId }: TestSpecification) => moduleId.includes('/suite/cluster/');
    const sorted = await super.sort(files);
    return [...sorted.filter(holdsAll), ...sorted.filter((file) => !holdsAll(file))];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: ClusterFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'test/*/src/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        // One real control plane serves all files, so they take turns.
        test: {
          name: 'plane',
          include: ['test/plane/src/suite/*.plane.ts'],
          globalSetup: ['test/plane/src/global-setup.ts'],
          fileParallelism: false,
          testTimeout: 2 * MINUTE_MS,
          hookTimeout: 3 * MINUTE_MS,
        },
      },
      {
        // One real cluster serves all files. Each holds the nodes that it works on, so two that need different ones run at a time.
        test: {
          name: 'e2e',
          include: ['test/e2e/src/suite/{cluster,node}/*.e2e.ts'],
          globalSetup: ['test/e2e/src/suite/global-setup.ts'],
          maxWorkers: 2,
          testTimeout: 10 * MINUTE_MS,
          hookTimeout: 30 * MINUTE_MS,
        },
      },
    ],
  },
});
