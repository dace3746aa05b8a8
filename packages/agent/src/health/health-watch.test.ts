import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@berth/contract/errors';
import type { DiskStatus } from '@berth/contract/resources/node-storage';
import { createManualClock } from '@berth/runtime/manual-clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHost, type Host } from '../host/host.ts';
import { createFakeMachine, type FakeMachine } from '../testing/fake-machine.ts';
import { createMachineState, type MachineState } from '../testing/machine-state.ts';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { createHealthWatch, type HealthWatch } from './health-watch.ts';

const MINUTE = 60_000;
const PASSED = { smartctl: { exit_status: 0 }, smart_status: { passed: true } };
const FAILED = { smartctl: { exit_status: 8 }, smart_status: { passed: false } };
const ASLEEP = { smartctl: { exit_status: 2, messages: [{ string: 'Device is in STANDBY mode, exit(2)' }] } };

const disk = (value: string, fields: Partial<DiskStatus> = {}): DiskStatus => ({
  ...{ identity: { value, tier: 'wwn' }, path: `/dev/${value}`, size: '1Gi', sectorSize: 512, state: 'Adopted' },
  ...{ volumeGroup: 'csi-vg-hdd' },
  ...fields,
});

let machine: FakeMachine;
let state: MachineState;
let sysDir: string;
let clock: ReturnType<typeof createManualClock>;
let watch: HealthWatch;
let stop: AbortController;
let disks: DiskStatus[];
let changes: number;

beforeEach(async () => {
  sysDir = await temporaryDirectory();
  state = createMachineState(
    ['sda', 'sdb', 'sdc'].map((name) => ({ path: `/dev/${name}`, sizeBytes: 1024, smart: PASSED })),
  );
  machine = createFakeMachine(state, sysDir);
  clock = createManualClock();
  stop = new AbortController();
  disks = [disk('sda'), disk('sdb')];
  changes = 0;
  watch = watchWith(createHost({ spawner: machine.spawner, prefix: [] }));
});
afterEach(() => stop.abort());

const watchWith = (host: Host): HealthWatch => {
  const onChange = () => {
    changes += 1;
  };
  return createHealthWatch({ host, sysDir, clock, healthSeconds: 600, disks: () => disks, onChange });
};

const answer = (path: string, smart: unknown) =>
  Object.assign(state.disks.find((each) => each.path === path) ?? {}, { smart });
const asked = () => state.commands.map((line) => line.split(' ').at(-1));
const round = () => watch.goRound(stop.signal);
const countErrors = async (name: string, count: number) => {
  await mkdir(join(sysDir, 'block', name, 'device'), { recursive: true });
  await writeFile(join(sysDir, 'block', name, 'device/ioerr_cnt'), `0x${count.toString(16)}\n`);
};

describe('the watch over the health of disks', () => {
  it('begins a minute after the agent, and asks each disk once in ten minutes, without waking it', async () => {
    const running = watch.run(stop.signal).catch(() => undefined);
    await clock.advance(MINUTE - 1);
    expect(state.commands).toEqual([]);
    await clock.advance(1);
    const lines = ['/dev/sda', '/dev/sdb'].map(
      (path) => `smartctl --json=c --nocheck=standby --info --health --attributes ${path}`,
    );
    await expect.poll(() => state.commands).toEqual(lines);
    stop.abort();
    await running;
  });

  it('asks all disks when one is new, also one that came while it asked the others', async () => {
    const running = watch.run(stop.signal).catch(() => undefined);
    watch.noticeDisks();
    await clock.advance(MINUTE);
    await expect.poll(asked).toEqual(['/dev/sda', '/dev/sdb']);
    disks = [...disks, disk('sdc')];
    watch.noticeDisks();
    watch.noticeDisks();
    const all = ['/dev/sda', '/dev/sdb', '/dev/sdc'];
    await expect.poll(asked).toEqual(['/dev/sda', '/dev/sdb', ...all]);
    watch.noticeDisks();
    await clock.advance(10 * MINUTE);
    await expect.poll(asked).toEqual(['/dev/sda', '/dev/sdb', ...all, ...all]);
    stop.abort();
    await running;
  });

  it('tells when a disk is other than it was, and only then', async () => {
    await round();
    expect(watch.healthOf('sda')).toEqual({ state: 'Healthy', smart: 'Passed' });
    expect(changes).toBe(2);
    answer('/dev/sdb', FAILED);
    await round();
    await round();
    expect(watch.healthOf('sdb')).toMatchObject({ state: 'Failing' });
    expect(changes).toBe(3);
  });

  it('asks no disk of others, none that is gone, and still one that was in a group', async () => {
    const health = { state: 'Failing', smart: 'Failed' } as const;
    const { volumeGroup: _, ...left } = disk('sdc', { health });
    const nameless = disk('sdb', { identity: { value: '', tier: 'none' }, state: 'HandedOver' });
    disks = [
      disk('sda', { state: 'Missing' }),
      nameless,
      { ...disk('sdb'), state: 'Refused', volumeGroup: undefined },
      left,
    ];
    await round();
    expect(asked()).toEqual(['/dev/sdc']);
    expect(watch.healthOf('sdc')?.state).toBe('Healthy');
  });

  it('begins with what the agent before it told, and keeps it while the disk sleeps', async () => {
    disks = [disk('sda', { health: { state: 'Failing', smart: 'Failed', reason: 'it expects to fail soon (SMART)' } })];
    answer('/dev/sda', ASLEEP);
    await round();
    expect(watch.healthOf('sda')).toEqual(disks[0]?.health);
    expect(changes).toBe(0);
  });

  it('takes a disk with many I/O errors since the last look for a failing one', async () => {
    await countErrors('sda', 5000);
    await round();
    expect(watch.healthOf('sda')?.state).toBe('Healthy');
    await countErrors('sda', 5100);
    await clock.advance(10 * MINUTE);
    await round();
    expect(watch.healthOf('sda')).toMatchObject({
      state: 'Failing',
      smart: 'Passed',
      ioErrorsAt: '2026-01-01T00:10:00.000Z',
    });
    expect(watch.healthOf('sdb')?.state).toBe('Healthy');
  });

  it('says that smartctl is missing, which makes no disk a bad one', async () => {
    state.missingPrograms = ['smartctl'];
    await round();
    expect(watch.healthOf('sda')).toEqual({
      ...{ state: 'Unknown', smart: 'Unknown' },
      reason: 'the node has no program smartctl; install the package smartmontools on it',
    });
  });

  it('goes on to the next disk when one hangs, and starts no second program for that one until the first has ended', async () => {
    const ended: (() => void)[] = [];
    const host: Host = {
      run: async (argv, { onEnded }) => {
        state.commands.push(argv.join(' '));
        if (argv.at(-1) !== '/dev/sda') return { exitCode: 0, stdout: JSON.stringify(PASSED), stderr: '' };
        ended.push(() => onEnded?.());
        throw new AppError('Timeout', 'smartctl did not end');
      },
    };
    watch = watchWith(host);
    await round();
    expect(watch.healthOf('sda')).toMatchObject({ state: 'Unknown', reason: 'smartctl did not end' });
    expect(watch.healthOf('sdb')?.state).toBe('Healthy');
    await round();
    expect(watch.healthOf('sda')?.reason).toBe('it has not answered smartctl for a long time');
    expect(asked()).toEqual(['/dev/sda', '/dev/sdb', '/dev/sdb']);
    ended[0]?.();
    await round();
    expect(asked().slice(3)).toEqual(['/dev/sda', '/dev/sdb']);
  });
});
