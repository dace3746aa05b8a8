import type { BedContext } from '@berth/bed/bed-parts';
import { ensureNodeImage } from '@berth/bed/image/image';
import type { NodeImage } from '@berth/bed/image/node-image';
import { type LoneMachine, startLoneMachine } from '@berth/bed/node/lone-machine';
import { ensureTools } from '@berth/bed/tools';
import { bedContext } from '@berth/e2e/bed-context';
import type { Spawner } from '@berth/runtime/spawn';

/** Name of the bed that the machines of these tests make up. */
export const MACHINES = 'lvm';

/** What machines are started from: the same as nodes. */
export const ensureImage = async ({ paths, progress, signal }: BedContext): Promise<NodeImage> =>
  ensureNodeImage({ paths, tools: await ensureTools({ paths, progress, signal }), progress, signal });

/** Links to the disks of a machine. */
export const LINKS = [0, 1].map((slot) => `/dev/disk/by-path/pci-0000:00:${(0x10 + slot).toString(16)}.0-nvme-1`);

/** A machine of a test's own with two blank disks of 1 GiB. */
export const startMachine = async (name: string): Promise<LoneMachine> => {
  const context = bedContext(() => {}, new AbortController().signal);
  const { paths, signal } = context;
  const where = { runDir: paths.run(MACHINES), logDir: paths.logs(MACHINES), signal };
  const disks = LINKS.map((_, slot) => ({ name: `disk-${slot}`, medium: 'nvme' as const, size: '1G', slot }));
  return startLoneMachine(where, { name, image: await ensureImage(context), disks });
};

/** Runs a host's programs in a machine. */
export const spawnerIn = (machine: LoneMachine): Spawner => ({
  run: (argv, { timeoutMs, input }) =>
    machine.exec(['env', 'LC_ALL=C', ...argv], { timeoutMs, ...(input !== undefined && { input }) }),
});
