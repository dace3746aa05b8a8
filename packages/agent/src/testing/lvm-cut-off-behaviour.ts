import { describe, expect, it } from 'vitest';
import type { Lvm } from '../lvm/command.ts';
import { activateVolume, createVolume, devicePath, extendVolume, removeVolume } from '../lvm/logical-volume.ts';
import { physicalVolumeUuids } from '../lvm/physical-volume-uuid.ts';
import { readReport } from '../lvm/report.ts';
import { NEW_TAG, OWNER_TAG } from '../lvm/tags.ts';
import { addDisks, findOwnGroup } from '../lvm/volume-group.ts';
import { finishCreation } from '../storage/finish-creation.ts';
import { loadSize } from '../storage/follow-size.ts';
import { GROUP, type LvmPlace, MIB } from './lvm-place.ts';
import { frugal, type LastCommand, mortalLvm, observedLvm } from './mortal-lvm.ts';

const PROGRAM = { timeoutMs: 60_000 };
const NAME = 'pvc-1';
const TAKES = { timeout: 300_000 };

interface Work {
  readonly what: string;
  /** Makes what was there before, of what the last try has left; absent where nothing may be there. */
  readonly before?: (place: LvmPlace) => Promise<unknown>;
  /** What the agent does. */
  readonly act: (lvm: Lvm, place: LvmPlace) => Promise<unknown>;
  /** What happens before the next agent does the same. */
  readonly between?: (place: LvmPlace) => Promise<unknown>;
  /** What must be true then. */
  readonly check: (place: LvmPlace) => Promise<void>;
}

const groupIn = async ({ lvm }: LvmPlace) => findOwnGroup(await readReport(lvm), GROUP);

/** One is enough: each more is one more to be written to in the same way. */
const takeDisk = async (lvm: Lvm, { links: [link] }: LvmPlace): Promise<void> => {
  const disks = [{ link, uuids: physicalVolumeUuids('node', 'disk') }];
  for (const failure of await addDisks(lvm, { group: GROUP, disks, report: await readReport(lvm) })) {
    if (failure !== undefined) throw failure;
  }
};

const make = (lvm: Lvm) => createVolume(lvm, { group: GROUP, name: NAME, sizeBytes: 8 * MIB, toBeFormatted: true });

const haveVolume = async (place: LvmPlace) => {
  await takeDisk(place.lvm, place);
  return make(place.lvm);
};

/** The disks hold what is left of a file system. */
const leaveTraces = async (place: LvmPlace): Promise<void> => {
  const { lvm, host } = place;
  const volume = await haveVolume(place);
  expect((await host.run(['mkfs.ext4', '-q', '-F', devicePath(volume)], PROGRAM)).exitCode).toBe(0);
  await removeVolume(lvm, NAME);
};

const WORKS: readonly Work[] = [
  {
    what: 'takes a disk',
    act: takeDisk,
    // Such a disk is refused: it could have had volumes. An operator has it wiped.
    between: async ({ lvm, host, links: [link] }) => {
      const isClaimed = (await readReport(lvm)).orphans.some(({ claimed }) => claimed);
      if (!isClaimed) return;
      await host.run(['wipefs', '--all', link], PROGRAM);
      lvm.forgetReport();
    },
    check: async (place) => {
      const { groups, orphans } = await readReport(place.lvm);
      expect(groups.map(({ name, tags }) => [name, tags])).toEqual([[GROUP, [OWNER_TAG]]]);
      expect(groups[0]?.physicalVolumes.map(({ missing }) => missing)).toEqual([false]);
      expect(orphans).toEqual([]);
    },
  },
  {
    what: 'makes a volume where another was',
    before: leaveTraces,
    act: async (lvm, { host }) => finishCreation({ host, lvm }, await make(lvm), AbortSignal.timeout(60_000)),
    check: async (place) => {
      const [volume, ...others] = (await groupIn(place))?.logicalVolumes ?? [];
      expect(others).toEqual([]);
      expect(volume).toMatchObject({ name: NAME, sizeBytes: 8 * MIB, active: true });
      expect(volume?.tags.toSorted()).toEqual([NEW_TAG, OWNER_TAG].toSorted());
      // It says so when it finds nothing.
      expect((await place.host.run(['blkid', '--probe', `/dev/${GROUP}/${NAME}`], PROGRAM)).exitCode).toBe(2);
    },
  },
  {
    what: 'makes the device of a volume appear',
    before: async (place) => {
      const { volumeGroup, name } = await haveVolume(place);
      await place.lvm.run('lvchange', ['--activate', 'n', `${volumeGroup}/${name}`]);
    },
    act: (lvm) => activateVolume(lvm, NAME),
    check: async ({ host }) => {
      const read = ['dd', `if=/dev/${GROUP}/${NAME}`, 'of=/dev/null', 'bs=4096', 'count=1'] as const;
      expect((await host.run(read, PROGRAM)).exitCode).toBe(0);
    },
  },
  {
    what: 'grows a volume',
    before: async (place) => {
      await takeDisk(place.lvm, place);
      await removeVolume(place.lvm, NAME);
      await make(place.lvm);
    },
    act: async (lvm, { deviceBytes }) => {
      await extendVolume(lvm, { name: NAME, sizeBytes: 16 * MIB });
      const volume = await activateVolume(lvm, NAME);
      await loadSize(lvm, volume, await deviceBytes(volume));
    },
    check: async (place) => {
      const [volume] = (await groupIn(place))?.logicalVolumes ?? [];
      expect(volume).toMatchObject({ sizeBytes: 16 * MIB, active: true });
      expect(volume && (await place.deviceBytes(volume))).toBe(16 * MIB);
    },
  },
  {
    what: 'removes a volume',
    before: haveVolume,
    act: (lvm) => removeVolume(lvm, NAME),
    check: async (place) => {
      const group = await groupIn(place);
      expect(group?.logicalVolumes).toEqual([]);
      expect(group?.freeBytes).toBe(group?.sizeBytes);
    },
  },
];

/** The part of `lvmBehaviour` about an agent that is killed with one of LVM's commands, and the next one that goes on. */
export const describeCutOff = (name: string, setup: () => Promise<LvmPlace>): void => {
  describe(`LVM (${name}), an agent that is killed`, () => {
    it.each(WORKS)(
      '$what, and ends right wherever in a command, or after which, it dies (trap 87)',
      TAKES,
      async ({ before, act, between, check }) => {
        let place = frugal(await setup());
        const begin = async () => {
          if (before === undefined) place = frugal(await setup());
          await before?.(place);
        };
        const deaths: LastCommand[] = [];
        await begin();
        await act(observedLvm(place, deaths), place);
        await check(place);
        expect(deaths).not.toEqual([]);
        for (const death of deaths) {
          await begin();
          const last = act(mortalLvm(place, death), place);
          await expect(last, JSON.stringify(death)).rejects.toThrow('the agent died with');
          await between?.(place);
          await act(place.lvm, place).catch((cause: unknown) => {
            throw new Error(`the next agent fails after ${JSON.stringify(death)}`, { cause });
          });
          await check(place);
        }
      },
    );
  });
};
