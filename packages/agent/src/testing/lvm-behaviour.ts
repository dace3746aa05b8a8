import { describeCutOff } from './lvm-cut-off-behaviour.ts';
import { describeLayouts } from './lvm-layout-behaviour.ts';
import { describeLeaving } from './lvm-leaving-behaviour.ts';
import type { LvmPlace } from './lvm-place.ts';
import { describeVolumes } from './lvm-volume-behaviour.ts';

/**
 * What the agent relies on LVM for. Runs against the fake and, on kernels with disks to spare, its parts run against real LVM.
 * `setup` is called before each test and gives blank disks and no volume groups.
 */
export const lvmBehaviour = (name: string, setup: () => Promise<LvmPlace>): void => {
  describeVolumes(name, setup);
  describeLayouts(name, setup);
  describeLeaving(name, setup);
  describeCutOff(name, setup);
};
