import { createHost, type Host } from '@berth/agent/host/host';
import type { LvmPlace } from '@berth/agent/testing/lvm-place';
import { createRealLvmPlace } from '@berth/agent/testing/real-lvm-place';
import type { UserModeMachine } from '@berth/bed/user-mode/machine';
import { afterAll, beforeAll } from 'vitest';
import { bootMachine, spawnerIn } from '../machines.ts';

const GIB = 1024 ** 3;

/** Where the tests run, in their titles. */
export const REAL = 'real, on a kernel of its own';

/** For the tests of a file: a machine of this name with two blank disks before each test. */
export const useRealLvm = (name: string): (() => Promise<LvmPlace>) => {
  let machine: UserModeMachine;
  let host: Host;
  beforeAll(async () => {
    machine = await bootMachine(name, [
      { name: 'first', bytes: GIB },
      { name: 'second', bytes: GIB },
    ]);
    host = createHost({ spawner: spawnerIn(machine), prefix: [] });
  });
  afterAll(() => machine.remove());
  return () => createRealLvmPlace(host, ['/dev/ubdb', '/dev/ubdc']);
};
