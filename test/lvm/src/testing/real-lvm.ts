import { createHost, type Host } from '@berth/agent/host/host';
import type { LvmPlace } from '@berth/agent/testing/lvm-place';
import { createRealLvmPlace } from '@berth/agent/testing/real-lvm-place';
import type { LoneMachine } from '@berth/bed/node/lone-machine';
import { afterAll, beforeAll } from 'vitest';
import { LINKS, spawnerIn, startMachine } from '../machines.ts';

/** Where the tests run, in their titles. */
export const REAL = 'real, in a machine';

/** LVM's own udev rule activates a group as soon as its disks are there. Nodes have it too; here it would come between the tests. */
const QUIETEN = 'rm /usr/lib/udev/rules.d/69-lvm.rules && udevadm control --reload';

/** For the tests of a file: a machine of this name with two blank disks before each test. */
export const useRealLvm = (name: string): (() => Promise<LvmPlace>) => {
  let machine: LoneMachine;
  let host: Host;
  let disks: readonly [string, string];
  beforeAll(async () => {
    machine = await startMachine(name);
    const { stdout } = await machine.exec(['sh', '-c', `${QUIETEN} && readlink -f ${LINKS.join(' ')}`]);
    const [first = '', second = ''] = stdout.trim().split('\n');
    disks = [first, second];
    host = createHost({ spawner: spawnerIn(machine), prefix: [] });
  });
  afterAll(() => machine.remove());
  return () => createRealLvmPlace(host, disks);
};
