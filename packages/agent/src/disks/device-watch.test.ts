import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemClock } from '@berth/runtime/clock';
import { type Logger, silentLogger } from '@berth/runtime/logger';
import { createManualClock } from '@berth/runtime/manual-clock';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { watchDevices } from './device-watch.ts';

const setUp = async () => {
  const directory = await temporaryDirectory();
  const [udevDir, sysDir] = [join(directory, 'udev'), join(directory, 'sys')];
  const clock = createManualClock();
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const seen = { changes: 0, warnings: 0 };
  const warn = () => {
    seen.warnings += 1;
  };
  const onChange = () => {
    seen.changes += 1;
  };
  const logger: Logger = { ...silentLogger, warn };
  const write = async (path: string, text: string) => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  };
  /** As udev does it at the end of an event: a new file takes the old one's place. */
  const udev = (number: string, text: string) => write(join(udevDir, 'data', `b${number}`), text);
  const size = (number: string, sectors: number) => write(join(sysDir, 'dev/block', number, 'size'), `${sectors}\n`);
  const start = () => watchDevices({ udevDir, sysDir, clock, logger, onChange, signal: stop.signal });
  /** Lets the kernel deliver what it has, then the quiet time pass. */
  const changes = (expected: number) =>
    expect
      .poll(
        async () => {
          await clock.advance(1_000);
          return seen.changes;
        },
        { timeout: 15_000 },
      )
      .toBe(expected);
  return { udevDir, sysDir, clock, seen, udev, size, write, start, changes };
};

it('tells of a disk that comes, changes its content, grows and goes', async () => {
  const { udevDir, udev, size, start, changes } = await setUp();
  await udev('8:0', 'E:ID_SERIAL=a\n');
  await start();
  await udev('8:16', 'E:ID_SERIAL=b\n');
  await changes(1);
  await udev('8:16', 'E:ID_SERIAL=b\nE:ID_FS_TYPE=xfs\n');
  await changes(2);
  await size('8:16', 4096);
  await udev('8:16', 'E:ID_SERIAL=b\nE:ID_FS_TYPE=xfs\n');
  await changes(3);
  await rm(join(udevDir, 'data/b8:16'));
  await changes(4);
});

it('passes over events that change nothing, and those of logical volumes', async () => {
  const { sysDir, udev, write, start, changes } = await setUp();
  await udev('8:0', 'E:ID_SERIAL=a\n');
  await start();
  await udev('8:0', 'E:ID_SERIAL=a\n');
  await write(join(sysDir, 'dev/block/253:0/dm/name'), 'csi--vg--hdd-pvc--1');
  await udev('253:0', 'E:DM_NAME=csi--vg--hdd-pvc--1\n');
  // The next real change is the first that is told.
  await udev('8:32', 'E:ID_SERIAL=c\n');
  await changes(1);
});

it('waits for a database that is not there yet', async () => {
  const { clock, seen, udev, start, changes } = await setUp();
  await start();
  expect(seen.warnings).toBe(1);
  await udev('8:0', 'E:ID_SERIAL=a\n');
  await clock.advance(60_000);
  await changes(1);
  await udev('8:0', 'E:ID_SERIAL=b\n');
  await changes(2);
});

it('does not wait for the end of events that never end', async () => {
  const { clock, seen, udev, start } = await setUp();
  await udev('8:0', 'E:ID_SERIAL=a\n');
  await start();
  await udev('8:16', 'E:ID_SERIAL=b\n');
  for (let round = 0; round < 60 && seen.changes === 0; round += 1) {
    await udev('8:0', 'E:ID_SERIAL=a\n');
    // The kernel tells of the event within this time; the clock goes on by half of what events are gathered for.
    await systemClock.sleep(20, AbortSignal.timeout(5_000));
    await clock.advance(500);
  }
  expect(seen.changes).toBe(1);
});
