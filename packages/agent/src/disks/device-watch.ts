import { type FSWatcher, watch } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { toAppError } from '@berth/contract/errors';
import type { Clock } from '@berth/runtime/clock';
import type { Logger } from '@berth/runtime/logger';
import { databaseOf, deviceNumberOf, readDeviceNumbers } from './udev-database.ts';

export interface DeviceWatchOptions {
  /** Where the host's udev keeps its run-time files. */
  readonly udevDir: string;
  readonly sysDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A disk has come, gone, grown, or carries something else than before. */
  readonly onChange: () => void;
  readonly signal: AbortSignal;
}

/** Events come in bursts; on a busy node they never end, so that nothing waits for the last one. */
const BURST_MS = 1_000;
const REOPEN_MS = 60_000;

/**
 * Tells when udev has dealt with a change of the disks, by watching its database: no program has to run for it, and links below
 * /dev/disk are there by then. Events that change nothing are passed over, as LVM's writing to a disk causes one each time; so are
 * logical volumes and loop devices. Where the database can't be watched, that is logged and tried again.
 */
export const watchDevices = async (options: DeviceWatchOptions): Promise<void> => {
  const { udevDir, clock, logger, onChange, signal } = options;
  let known = await readDevices(options);
  let cancel: (() => void) | undefined;
  let isWaiting = false;

  const compare = async () => {
    const now = await readDevices(options);
    const hasChanged = !isDeepStrictEqual(now, known);
    known = now;
    if (hasChanged && !signal.aborted) onChange();
  };

  const onEvent = (_: string, name: string | null) => {
    if (name === null || deviceNumberOf(name) === undefined || isWaiting) return;
    isWaiting = true;
    cancel = clock.after(BURST_MS, () => {
      isWaiting = false;
      void compare();
    });
  };

  const open = () => {
    if (signal.aborted) return;
    let watcher: FSWatcher | undefined;
    const fail = (thrown: unknown) => {
      logger.warn(
        { err: toAppError(thrown).message },
        'udev is not watched; disks are looked at from time to time only',
      );
      watcher?.close();
      cancel = clock.after(REOPEN_MS, open);
    };
    try {
      watcher = watch(databaseOf(udevDir), { signal }, onEvent).on('error', fail);
      // What came before is not told.
      void compare();
    } catch (thrown) {
      fail(thrown);
    }
  };

  signal.addEventListener('abort', () => cancel?.());
  open();
};

/** What udev knows of each disk, and its size, by device number. */
const readDevices = async ({ udevDir, sysDir }: DeviceWatchOptions): Promise<ReadonlyMap<string, string>> => {
  const devices = new Map<string, string>();
  for (const number of (await readDeviceNumbers(udevDir)) ?? []) {
    if (await isVirtual(join(sysDir, 'dev/block', number))) continue;
    const text = await readFile(join(databaseOf(udevDir), `b${number}`), 'utf8').catch(() => '');
    const size = await readFile(join(sysDir, 'dev/block', number, 'size'), 'utf8').catch(() => '');
    devices.set(number, `${text}\n${size}`);
  }
  return devices;
};

/** Whether device mapper or the loop driver made it. */
const isVirtual = async (device: string): Promise<boolean> => {
  for (const mark of ['dm', 'loop']) {
    const found = await access(join(device, mark)).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
};
