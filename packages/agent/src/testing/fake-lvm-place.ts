import { systemClock } from '@berth/runtime/clock';
import { createHost } from '../host/host.ts';
import { createLvm } from '../lvm/command.ts';
import { readDeviceBytes } from '../storage/follow-size.ts';
import { cutShort } from './cut-short.ts';
import type { FakeMachine } from './fake-machine.ts';
import type { LvmPlace } from './lvm-place.ts';

/** A place for `lvmBehaviour` on a machine made of data. */
export const createFakeLvmPlace = (machine: FakeMachine, links: LvmPlace['links']): LvmPlace => {
  const { spawner, state, sync, sysDir } = machine;
  const host = createHost({ spawner, prefix: [] });
  const lvm = createLvm({ host, clock: systemClock });
  return {
    ...{ lvm, host, links },
    killPoints: async (command, args) => {
      await lvm.run(command, args);
      return [{ call: 'the midst', number: 1 }];
    },
    killAt: async (_, command, args) => {
      cutShort(state, ['lvm', command, ...args]);
      sync();
    },
    deviceBytes: async ({ device = '' }) => (await readDeviceBytes(sysDir, device)) ?? Number.NaN,
  };
};
