import { AppError } from '@berth/contract/errors';
import { createManualClock } from '@berth/runtime/manual-clock';
import { describe, expect, it } from 'vitest';
import type { Host } from '../host/host.ts';
import { createLvm } from './command.ts';

const REPORT = '{"report": []}';

/** LVM whose programs do what the test says: answer, fail, or hang until their deadline; killed ones end when told to. */
const setUp = () => {
  const clock = createManualClock();
  const commands: string[] = [];
  const ends: (() => void)[] = [];
  const mode = { hangs: false, survivesKilling: false };
  const host: Host = {
    run: async (argv, { timeoutMs, onEnded, signal }) => {
      commands.push(argv[1] ?? '');
      if (!mode.hangs) return { exitCode: argv.includes('--fail') ? 5 : 0, stdout: REPORT, stderr: '' };
      await new Promise<void>((resolve) => {
        clock.after(timeoutMs, resolve);
        signal?.addEventListener('abort', () => resolve());
      });
      if (mode.survivesKilling) ends.push(() => onEnded?.());
      else onEnded?.();
      throw new AppError(signal?.aborted ? 'Aborted' : 'Timeout', `${argv[1]} did not end`);
    },
  };
  const lvm = createLvm({ host, clock, timeoutMs: 60_000 });
  const outcome = (command: string, signal?: AbortSignal) =>
    lvm.run(command, [], { signal }).catch((thrown: AppError) => thrown.code);
  return { clock, commands, ends, mode, lvm, outcome };
};

describe('a command that hangs', () => {
  it('makes those behind it give up with it, instead of hanging one after another', async () => {
    const { clock, commands, mode, outcome } = setUp();
    mode.hangs = true;
    const all = Promise.all(['lvcreate', 'lvremove', 'lvextend'].map((command) => outcome(command)));
    await clock.advance(60_000);
    expect(await all).toEqual(['Timeout', 'Unavailable', 'Unavailable']);
    expect(commands).toEqual(['lvcreate']);
  });

  it('lets one command through after a pause, and everything once that has an answer', async () => {
    const { clock, commands, mode, outcome } = setUp();
    mode.hangs = true;
    const first = outcome('lvcreate');
    await clock.advance(60_000);
    expect(await first).toBe('Timeout');
    expect(await outcome('lvcreate')).toBe('Unavailable');
    await clock.advance(30_000);
    const trial = outcome('fullreport');
    await clock.advance(0);
    expect(await outcome('lvcreate')).toBe('Unavailable');
    await clock.advance(60_000);
    expect(await trial).toBe('Timeout');
    mode.hangs = false;
    await clock.advance(30_000);
    expect(await outcome('fullreport')).toBe(REPORT);
    expect(await outcome('lvcreate')).toBe(REPORT);
    expect(commands).toEqual(['lvcreate', 'fullreport', 'fullreport', 'lvcreate']);
  });

  it('that even killing does not end keeps everything else from starting, however long it takes', async () => {
    const { clock, commands, ends, mode, outcome } = setUp();
    Object.assign(mode, { hangs: true, survivesKilling: true });
    const first = outcome('lvcreate');
    await clock.advance(61_000);
    expect(await first).toBe('Timeout');
    mode.hangs = false;
    await clock.advance(3_600_000);
    expect(await outcome('fullreport')).toBe('Unavailable');
    for (const end of ends) end();
    expect(await outcome('fullreport')).toBe(REPORT);
    expect(commands).toEqual(['lvcreate', 'fullreport']);
  });

  it('says since when, and with which command', async () => {
    const { clock, mode, lvm, outcome } = setUp();
    mode.hangs = true;
    const first = outcome('lvcreate');
    await clock.advance(60_000);
    await first;
    await expect(lvm.run('fullreport', [])).rejects.toThrow(
      'LVM is stuck since 2026-01-01T00:01:00.000Z: lvcreate did not end',
    );
  });
});

it('a command that its caller cancels holds up nobody, once its program has ended', async () => {
  const { mode, outcome } = setUp();
  mode.hangs = true;
  const caller = new AbortController();
  const cancelled = outcome('lvcreate', caller.signal);
  await Promise.resolve();
  caller.abort();
  expect(await cancelled).toBe('Aborted');
  mode.hangs = false;
  expect(await outcome('fullreport')).toBe(REPORT);
});

it('a command that fails is an answer, and the last report that succeeded is kept', async () => {
  const { clock, mode, lvm, outcome } = setUp();
  expect(lvm.lastReport()).toBeUndefined();
  await outcome('fullreport');
  await expect(lvm.run('fullreport', ['--fail'])).rejects.toMatchObject({ code: 'Internal' });
  mode.hangs = true;
  const hung = outcome('fullreport');
  await clock.advance(60_000);
  expect(await hung).toBe('Timeout');
  expect(lvm.lastReport()).toEqual({ groups: [], orphans: [] });
});
