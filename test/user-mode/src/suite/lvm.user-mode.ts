import { createHost, type Host } from '@berth/agent/host/host';
import { lvmBehaviour } from '@berth/agent/testing/lvm-behaviour';
import { createRealLvmPlace } from '@berth/agent/testing/real-lvm-place';
import type { UserModeMachine } from '@berth/bed/user-mode/machine';
import { afterAll, beforeAll } from 'vitest';
import { bootMachine, spawnerIn } from '../machines.ts';

const GIB = 1024 ** 3;

let machine: UserModeMachine;
let host: Host;

beforeAll(async () => {
  machine = await bootMachine('lvm', [
    { name: 'first', bytes: GIB },
    { name: 'second', bytes: GIB },
  ]);
  host = createHost({ spawner: spawnerIn(machine), prefix: [] });
});
afterAll(() => machine.remove());

lvmBehaviour('real, on a kernel of its own', () => createRealLvmPlace(host, ['/dev/ubdb', '/dev/ubdc']));
