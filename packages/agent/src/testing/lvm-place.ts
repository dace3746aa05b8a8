import { AppError } from '@berth/contract/errors';
import type { Layout } from '@berth/contract/layout';
import { beforeEach, expect } from 'vitest';
import type { Host } from '../host/host.ts';
import type { Lvm } from '../lvm/command.ts';
import { createVolume } from '../lvm/logical-volume.ts';
import { physicalVolumeUuids } from '../lvm/physical-volume-uuid.ts';
import { type LogicalVolumeOnDisk, readReport } from '../lvm/report.ts';
import { addDisks, findOwnGroup } from '../lvm/volume-group.ts';

/** Before a call of the kernel's that changes a disk or a device: the how manyth of this name that the command makes. */
export interface KillPoint {
  readonly call: string;
  readonly number: number;
}

/** A place to try LVM in: blank disks that nobody needs, known by their links, at least two, of equal size. */
export interface LvmPlace {
  readonly lvm: Lvm;
  readonly host: Host;
  readonly links: readonly [string, string, ...string[]];
  /** Runs a command of LVM's as `lvm` does, and tells at which of its steps it could be killed, in their order. */
  killPoints(command: string, args: readonly string[]): Promise<readonly KillPoint[]>;
  /** Runs it and kills it at one of these. */
  killAt(point: KillPoint, command: string, args: readonly string[]): Promise<void>;
  /** Bytes of the kernel's device of a volume. */
  deviceBytes(volume: LogicalVolumeOnDisk): Promise<number>;
}

export const GROUP = 'csi-vg-nvme';
export const THEIRS = 'somebody-elses';
/** Groups that the tests leave behind. */
export const GROUPS_OF_TESTS = [GROUP, THEIRS];
export const MIB = 1024 ** 2;

export const rejectsWith = async (work: Promise<unknown>, code: AppError['code']): Promise<void> => {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(AppError);
  expect((thrown as AppError).code).toBe(code);
};

/** For each test of a `describe`: a new place, and what the tests do there. */
export const useLvmPlace = (setup: () => Promise<LvmPlace>) => {
  let place: LvmPlace;
  beforeEach(async () => {
    place = await setup();
  }, 60_000);

  const addAll = async (...indexes: (0 | 1)[]) => {
    const disks = indexes.map((index) => ({
      link: place.links[index],
      uuids: physicalVolumeUuids('node', `disk-${index}`),
    }));
    return addDisks(place.lvm, { group: GROUP, disks, report: await readReport(place.lvm) });
  };

  return {
    lvm: () => place.lvm,
    links: () => place.links,
    run: (command: string, args: readonly string[]) => place.lvm.run(command, args),
    group: async () => findOwnGroup(await readReport(place.lvm), GROUP),
    /** Puts disks into the group; says of each why it could not be. */
    addAll,
    add: async (index: 0 | 1) => {
      const [failure] = await addAll(index);
      if (failure !== undefined) throw failure;
    },
    create: (name: string, sizeBytes: number, layout?: Layout) =>
      createVolume(place.lvm, { group: GROUP, name, sizeBytes, toBeFormatted: true, ...(layout && { layout }) }),
  };
};
