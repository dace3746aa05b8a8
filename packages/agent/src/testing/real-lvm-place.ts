import { systemClock } from '@berth/runtime/clock';
import type { Host } from '../host/host.ts';
import { createLvm } from '../lvm/command.ts';
import { devicePath } from '../lvm/logical-volume.ts';
import { CALLS, killPointsIn } from './kill-points.ts';
import { GROUPS_OF_TESTS, type LvmPlace } from './lvm-place.ts';

const WIPE_MS = 60_000;
const PROGRAM_MS = 30_000;

/**
 * A place for `lvmBehaviour` on real disks. DESTROYS everything on them: only for machines that are made for tests, with disks
 * named one by one. `host` runs programs in that machine.
 */
export const createRealLvmPlace = async (host: Host, links: LvmPlace['links']): Promise<LvmPlace> => {
  // The machine may have a volume group of the same name on other disks. LVM's poller would look at all disks, and not know which
  // of the two groups is meant.
  const commonArgs = ['--devices', links.join(','), '--config', 'global/use_lvmpolld=0'];
  const lvm = createLvm({ host, clock: systemClock, commonArgs });
  // Removes those that are there and fails when one is not, which is as good.
  await lvm.run('vgremove', ['--force', '--force', '--yes', ...GROUPS_OF_TESTS]).catch(() => undefined);
  await host.run(['wipefs', '--all', '--force', ...links], { timeoutMs: WIPE_MS });
  const traced = (how: readonly string[], command: string, args: readonly string[]) => {
    const strace = ['strace', '-e', `trace=${CALLS}`, ...how] as const;
    return host.run([...strace, 'lvm', command, ...commonArgs, ...args], { timeoutMs: PROGRAM_MS });
  };
  return {
    ...{ lvm, host, links },
    killPoints: async (command, args) => {
      const { exitCode, stderr } = await traced([], command, args);
      if (exitCode !== 0) throw new Error(`${command} failed under strace: ${stderr}`);
      return killPointsIn(stderr);
    },
    killAt: async ({ call, number }, command, args) => {
      const { stderr } = await traced([`--inject=${call}:signal=KILL:when=${number}`], command, args);
      if (!stderr.includes('killed by SIGKILL')) throw new Error(`${command} was not killed: ${stderr}`);
    },
    deviceBytes: async (volume) => {
      const { stdout } = await host.run(['blockdev', '--getsize64', devicePath(volume)], { timeoutMs: PROGRAM_MS });
      return Number(stdout);
    },
  };
};
