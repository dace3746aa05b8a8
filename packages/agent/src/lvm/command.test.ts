import { createManualClock } from '@berth/runtime/manual-clock';
import { expect, it } from 'vitest';
import type { Host } from '../host/host.ts';
import { createLvm } from './command.ts';

const setUp = () => {
  const clock = createManualClock();
  const commands: string[] = [];
  const host: Host = {
    run: async (argv) => {
      commands.push(argv[1] ?? '');
      if (commands.length === 1 && argv.includes('--fail')) return { exitCode: 5, stdout: '', stderr: 'no' };
      return { exitCode: 0, stdout: `answer ${commands.length}`, stderr: '' };
    },
  };
  return { clock, commands, lvm: createLvm({ host, clock, reuseReportsMs: 5_000 }) };
};

it('gives one report to all who ask at the same time, and again until it is old', async () => {
  const { clock, commands, lvm } = setUp();
  const ask = () => lvm.run('fullreport', []);
  expect(await Promise.all([ask(), ask()])).toEqual(['answer 1', 'answer 1']);
  await clock.advance(5_000);
  expect(await ask()).toBe('answer 1');
  await clock.advance(1);
  expect(await ask()).toBe('answer 2');
  expect(commands).toEqual(['fullreport', 'fullreport']);
});

it('makes a new report after every command of ours, and while one is under way', async () => {
  const { commands, lvm } = setUp();
  await lvm.run('fullreport', []);
  const change = lvm.run('lvcreate', []);
  const during = lvm.run('fullreport', []);
  await change;
  expect(await during).toBe('answer 3');
  expect(await lvm.run('fullreport', [])).toBe('answer 4');
  expect(commands).toEqual(['fullreport', 'lvcreate', 'fullreport', 'fullreport']);
});

it('does not keep a failure', async () => {
  const { lvm } = setUp();
  await expect(lvm.run('fullreport', ['--fail'])).rejects.toThrow('no');
  expect(await lvm.run('fullreport', ['--fail'])).toBe('answer 2');
});
