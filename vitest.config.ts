import { defineConfig } from 'vitest/config';

const MINUTE_MS = 60_000;

export default defineConfig({
  test: {
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
        // One real cluster serves all files, so they take turns.
        test: {
          name: 'e2e',
          include: ['test/e2e/src/suite/*.e2e.ts'],
          globalSetup: ['test/e2e/src/suite/global-setup.ts'],
          fileParallelism: false,
          testTimeout: 10 * MINUTE_MS,
          hookTimeout: 30 * MINUTE_MS,
        },
      },
    ],
  },
});
