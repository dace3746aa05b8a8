import { systemClock } from '@berth/runtime/clock';
import type { Host } from '../host/host.ts';
import { createLvm } from '../lvm/command.ts';
import { GROUPS_OF_TESTS, type LvmPlace } from './lvm-place.ts';

const WIPE_MS = 60_000;

/**
 * A place for `lvmBehaviour` on real disks. DESTROYS everything on them: only for machines that are made for tests, with disks
 * named one by one. `host` runs programs in that machine.
 */
export const createRealLvmPlace = async (host: Host, links: LvmPlace['links']): Promise<LvmPlace> => {
  // The machine may have a volume group of the same name on other disks.
  const lvm = createLvm({
    host,
    clock: systemClock,
    // LVM's poller would look at all disks, and not know which of the two groups is meant.
    commonArgs: ['--devices', links.join(','), '--config', 'global/use_lvmpolld=0'],
  });
  // Removes those that are there and fails when one is not, which is as good.
  await lvm.run('vgremove', ['--force', '--force', '--yes', ...GROUPS_OF_TESTS]).catch(() => undefined);
  await host.run(['wipefs', '--all', '--force', ...links], { timeoutMs: WIPE_MS });
  return { lvm, links };
};
