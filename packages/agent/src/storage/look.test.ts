import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import type { Spawner } from '@berth/runtime/spawn';
import { expect, it } from 'vitest';
import { createHost } from '../host/host.ts';
import { createLvm } from '../lvm/command.ts';
import { createFakeMachine } from '../testing/fake-machine.ts';
import { createMachineState } from '../testing/machine-state.ts';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { createLook } from './look.ts';

const SCAN_SECONDS = 60;
const REQUEST = { nodeLabels: {}, previous: undefined, forget: [], wipe: [], leaving: [] };

/** A node without disks, and what happens in the middle of its next look. */
const setUp = async () => {
  const directory = await temporaryDirectory();
  const { spawner, ...machine } = createFakeMachine(createMachineState([]), directory);
  const during = { next: () => {} };
  const interrupted: Spawner = {
    run: (argv, options) => {
      if (argv[0] === 'lsblk') during.next();
      return spawner.run(argv, options);
    },
  };
  const clock = createManualClock();
  const host = createHost({ spawner: interrupted, prefix: [] });
  const { look, ...rest } = createLook({
    ...machine,
    host,
    clock,
    lvm: createLvm({ host, clock }),
    devDir: directory,
    udevDir: directory,
    logger: silentLogger,
    mode: 'adopt',
    nodeName: 'node-1',
    mediumRules: [],
    volumeGroups: {},
    scanSeconds: SCAN_SECONDS,
  });
  return { ...rest, during, look: () => look(REQUEST, AbortSignal.timeout(10_000)) };
};

it('looks at the disks again after the time that is set', async () => {
  const { look, untilScanMs } = await setUp();
  await look();
  expect(untilScanMs()).toBe(SCAN_SECONDS * 1000);
});

it('looks at them again at once when they have changed in the middle of a look', async () => {
  const { during, forget, look, untilScanMs } = await setUp();
  during.next = forget;
  await look();
  expect(untilScanMs()).toBe(0);
  during.next = () => {};
  await look();
  expect(untilScanMs()).toBe(SCAN_SECONDS * 1000);
});
