import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { countErrors, type ErrorWindow, readErrorCount } from './io-errors.ts';

const MINUTE = 60_000;

/** What is made of counts that were read every ten minutes. */
const follow = (counts: readonly number[]): boolean[] => {
  let window: ErrorWindow | undefined;
  return counts.map((count, index) => {
    const step = countErrors(window, count, index * 10 * MINUTE);
    window = step.window;
    return step.many;
  });
};

describe('I/O errors', () => {
  it('are many at a hundred within an hour', () => {
    expect(follow([0, 60, 99])).toEqual([false, false, false]);
    expect(follow([0, 60, 100])).toEqual([false, false, true]);
  });

  it('that were there before do not count', () => {
    expect(follow([5000, 5001])).toEqual([false, false]);
  });

  it('that come slowly, as from programs that ask for what a disk does not know, are never many', () => {
    expect(follow(Array.from({ length: 1000 }, (_, index) => index * 14)).some(Boolean)).toBe(false);
  });

  it('are told again only when there were as many again', () => {
    expect(follow([0, 100, 150, 200])).toEqual([false, true, false, true]);
  });

  it('are counted from the beginning when the machine or the disk is new', () => {
    expect(follow([1000, 10, 109, 110])).toEqual([false, false, false, true]);
  });

  it('are read as the kernel writes them, and not known where it does not', async () => {
    const sysDir = await temporaryDirectory();
    for (const [name, text] of [
      ['sda', '0x1f\n'],
      ['sdb', '31\n'],
    ] as const) {
      await mkdir(join(sysDir, 'block', name, 'device'), { recursive: true });
      await writeFile(join(sysDir, 'block', name, 'device/ioerr_cnt'), text);
    }
    expect(await readErrorCount(sysDir, 'sda')).toBe(31);
    expect(await readErrorCount(sysDir, 'sdb')).toBeUndefined();
    expect(await readErrorCount(sysDir, 'nvme0n1')).toBeUndefined();
  });
});
