import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const MINUTE_MS = 60_000;

/** Tests on machines in the order of the time they take: who holds the whole cluster comes before who holds a node. */
const FIRST = ['cluster/', 'node/power-cuts', 'node/sanity', 'node/removal', 'killed', 'disks.lvm'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = FIRST.findIndex((part) => moduleId.includes(`/suite/${part}`));
      return at < 0 ? FIRST.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // Vitest leaves one processor alone, which is half of two.
    maxWorkers: '100%',
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
        // Each file has a machine of its own.
        test: {
          name: 'lvm',
          include: ['test/lvm/src/suite/*.lvm.ts'],
          globalSetup: ['test/lvm/src/global-setup.ts'],
          // Each waits for its machine now and then.
          maxWorkers: 3,
          testTimeout: 2 * MINUTE_MS,
          hookTimeout: 2 * MINUTE_MS,
        },
      },
      {
        // One real cluster serves all files. Each holds the nodes that it works on, so those that need different ones run at the same time.
        test: {
          name: 'e2e',
          include: ['test/e2e/src/suite/{cluster,node}/*.e2e.ts'],
          globalSetup: ['test/e2e/src/suite/global-setup.ts'],
          // With three at a time, two processors emulate so slowly that nodes miss their deadlines.
          maxWorkers: 2,
          testTimeout: 10 * MINUTE_MS,
          hookTimeout: 30 * MINUTE_MS,
        },
      },
    ],
  },
});
