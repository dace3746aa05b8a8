import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskStatus, NodeStorageStatus } from '@berth/contract/resources/node-storage';
import { createManualClock } from '@berth/runtime/manual-clock';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { createLoadMeter } from './load.ts';

const GROUP = 'csi-vg-nvme';
const MINUTE = 60_000;
const names = ['nvme0n1', 'nvme1n1'];

const disk = (name: string): DiskStatus => ({
  identity: { value: name, tier: 'wwn' },
  path: `/dev/${name}`,
  size: '1Gi',
  sectorSize: 512,
  state: 'Adopted',
  volumeGroup: GROUP,
});
const statusWith = (busyPercent: number | undefined): NodeStorageStatus => ({
  groups: busyPercent === undefined ? [] : [{ name: GROUP, busyPercent } as never],
});

let sysDir: string;
let clock: ReturnType<typeof createManualClock>;
beforeEach(async () => {
  sysDir = await temporaryDirectory();
  for (const name of names) await mkdir(join(sysDir, 'block', name), { recursive: true });
  clock = createManualClock();
});

const writeBusyMs = async (busyMs: readonly number[]) => {
  for (const [index, name] of names.entries()) {
    const line = `   100  0  800  10  50  0  400  20  0  ${Math.round(busyMs[index] ?? 0)}  30\n`;
    await writeFile(join(sysDir, 'block', name, 'stat'), line);
  }
};

/** A machine whose disks work as told, and whose agent looks once a minute. */
const createNode = (told?: number) => {
  let measure = createLoadMeter({ sysDir, clock });
  const busyMs = [0, 0];
  let shown = told;
  let writes = 0;
  const look = async () => {
    await writeBusyMs(busyMs);
    const percent = (await measure(names.map(disk), statusWith(shown))).get(GROUP);
    if (percent !== shown) writes += 1;
    shown = percent;
  };
  return {
    look,
    minutes: async (count: number, shares: (minute: number) => readonly [number, number]) => {
      for (let minute = 0; minute < count; minute += 1) {
        for (const [index, share] of shares(minute).entries()) busyMs[index] = (busyMs[index] ?? 0) + share * MINUTE;
        await clock.advance(MINUTE);
        await look();
      }
    },
    work: (index: number, ms: number) => {
      busyMs[index] = (busyMs[index] ?? 0) + ms;
    },
    restart: (counters: readonly number[]) => {
      measure = createLoadMeter({ sysDir, clock });
      busyMs.splice(0, 2, ...counters);
    },
    get shown() {
      return shown;
    },
    get writes() {
      return writes;
    },
  };
};

describe('the load that is told of a group', () => {
  it('is that of its busiest disk, some minutes after it began', async () => {
    const node = createNode();
    await node.look();
    await node.minutes(2, () => [0, 0]);
    expect(node.shown).toBe(0);
    await node.minutes(1, () => [0.1, 0.9]);
    expect(node.shown).toBe(20);
    await node.minutes(20, () => [0.1, 0.9]);
    expect(node.shown).toBe(90);
    await node.minutes(30, () => [0.1, 0]);
    expect(node.shown).toBe(10);
  });

  it('is written once in a day of a node that does little', async () => {
    const node = createNode();
    await node.minutes(24 * 60, (minute) => [minute % 60 === 0 ? 0.3 : 0.001, 0.002]);
    expect({ shown: node.shown, writes: node.writes }).toEqual({ shown: 0, writes: 1 });
  });

  it('is written at most twice in a day of a node whose load goes up and down between two steps', async () => {
    const node = createNode();
    await node.minutes(24 * 60, (minute) => [minute % 3 === 0 ? 0.55 : 0.35 + (minute % 7) / 50, 0]);
    expect(node.writes).toBeLessThanOrEqual(2);
  });

  it('stays when the agent or the node starts again', async () => {
    const node = createNode(50);
    await node.look();
    expect(node.shown).toBe(50);
    node.restart([0, 0]);
    await node.look();
    await node.minutes(1, () => [0, 0.5]);
    expect({ shown: node.shown, writes: node.writes }).toEqual({ shown: 50, writes: 0 });
  });

  it('does not take the moment of a volume being made for a load', async () => {
    const node = createNode(0);
    await node.look();
    node.work(0, 1_000);
    await clock.advance(1_000);
    await node.look();
    expect(node.shown).toBe(0);
    await node.minutes(1, () => [0.1, 0.1]);
    expect(node.shown).toBe(0);
  });

  it('is measured of each disk for itself where nothing tells them apart', async () => {
    const unknown = names.map((name): DiskStatus => ({ ...disk(name), identity: { value: '', tier: 'none' } }));
    const measure = createLoadMeter({ sysDir, clock });
    await writeBusyMs([30 * MINUTE, 0]);
    await measure(unknown, undefined);
    await clock.advance(MINUTE);
    await writeBusyMs([30.5 * MINUTE, 0]);
    expect((await measure(unknown, undefined)).get(GROUP)).toBe(50);
  });

  it('is not told of disks that count nothing', async () => {
    const measure = createLoadMeter({ sysDir, clock });
    expect([...(await measure([disk('sdz')], undefined))]).toEqual([]);
  });
});
