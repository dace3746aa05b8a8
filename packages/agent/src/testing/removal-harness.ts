import { type Layout, LINEAR } from '@berth/contract/layout';
import { silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { beforeEach, expect } from 'vitest';
import { createHost } from '../host/host.ts';
import { createLvm, type Lvm } from '../lvm/command.ts';
import { createVolume } from '../lvm/logical-volume.ts';
import { physicalVolumeUuids } from '../lvm/physical-volume-uuid.ts';
import { readReport } from '../lvm/report.ts';
import { OWNER_TAG } from '../lvm/tags.ts';
import { addDisks } from '../lvm/volume-group.ts';
import { type AdvanceRemovals, createRemovals } from '../storage/removal/advance.ts';
import type { RemovableDisk } from '../storage/removal/proceed.ts';
import { blockDevice } from './block-device.ts';
import { createFakeMachine, type FakeMachine } from './fake-machine.ts';
import { createMachineState, EXTENT, type FakePv } from './machine-state.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export const MIB = 1024 ** 2;
export const GROUP = 'csi-vg-nvme';
export const NAMES = ['a', 'b', 'c'] as const;
type Name = (typeof NAMES)[number];

/** For each test: a machine with one group of three disks of 100 MiB, whose removal an agent can be told to go on with. */
export const useRemovals = () => {
  const disks = NAMES.map(
    (name): RemovableDisk => ({
      device: blockDevice({ name, path: `/dev/${name}`, links: [] }),
      identity: { value: name, tier: 'wwn' },
      uuids: physicalVolumeUuids('node-1', `wwn ${name}`),
    }),
  );
  let machine: FakeMachine;
  let clock: ReturnType<typeof createManualClock>;
  let lvm: Lvm;
  let advance: AdvanceRemovals;

  const restart = () => {
    lvm = createLvm({ host: createHost({ spawner: machine.spawner, prefix: [] }), clock });
    advance = createRemovals(clock);
  };

  beforeEach(async () => {
    const state = createMachineState(NAMES.map((name) => ({ path: `/dev/${name}`, sizeBytes: 101 * MIB })));
    machine = createFakeMachine(state, await temporaryDirectory());
    clock = createManualClock();
    restart();
    const added = disks.map(({ device, uuids }) => ({ link: device.path, uuids }));
    await addDisks(lvm, { group: GROUP, disks: added, report: { groups: [], orphans: [] } });
  });

  const pass = async (
    leaving: readonly string[],
    fields: { mode?: 'observe'; disks?: readonly RemovableDisk[] } = {},
  ) => {
    const report = await readReport(lvm);
    const signal = new AbortController().signal;
    const context = { lvm, mode: 'adopt' as const, disks, logger: silentLogger, signal };
    return advance(leaving, { ...context, report, ...fields });
  };
  const contentOf = (name: Name): FakePv | undefined => {
    const content = machine.state.disks.find(({ path }) => path === `/dev/${name}`)?.content;
    return content?.kind === 'pv' ? content : undefined;
  };

  return {
    disks,
    machine: () => machine,
    clock: () => clock,
    lvm: () => lvm,
    /** The agent's memory is new, the machine is as it was. */
    restart,
    create: (name: string, mebibytes: number, layout: Layout = LINEAR) =>
      createVolume(lvm, { group: GROUP, name, sizeBytes: mebibytes * MIB, layout, toBeFormatted: false }),
    /** A linear volume of ours on this disk. */
    createOn: (disk: Name, name: string, mebibytes: number) => {
      const extents = String((mebibytes * MIB) / EXTENT);
      const args = ['--yes', '--name', name, '--addtag', OWNER_TAG, '--extents', extents, GROUP, `/dev/${disk}`];
      return lvm.run('lvcreate', args);
    },
    /** One look at the disks, of which these are to leave. */
    pass,
    until: async (leaving: readonly string[], isDone: () => boolean) => {
      for (let passes = 0; passes < 20 && !isDone(); passes += 1) await pass(leaving).catch(() => undefined);
      expect(isDone()).toBe(true);
    },
    contentOf,
    isOut: (name: Name) => contentOf(name) === undefined,
    /** The command lines of one LVM command so far. */
    ran: (command: string): string[] =>
      machine.state.commands
        .filter((line) => line.startsWith(`lvm ${command} `))
        .map((line) => line.replace(/--config \S+ \S+ /, '')),
    /** Paths of the disks that a volume lies on. */
    holders: async (volume: string): Promise<string[]> =>
      (await readReport(lvm)).groups.flatMap(({ physicalVolumes }) =>
        physicalVolumes.filter(({ volumes }) => volumes.includes(volume)).map(({ path }) => path),
      ),
  };
};
