import { run } from '@berth/bed/process/spawn';
import { expect, it } from 'vitest';
import { recordStage, timedScript } from './recorded-stage.ts';

const TARGET = '/var/lib/kubelet/staging';

it("records the agent's commands for the volume and the path that are asked for", async () => {
  const commands = await recordStage('pvc-1', TARGET);
  expect(commands.map(([program, first]) => (program === 'lvm' ? `lvm ${first}` : program))).toEqual([
    'lvm fullreport',
    'sh',
    'mkfs.xfs',
    'lvm lvchange',
    'mount',
  ]);
  expect(commands.at(-1)?.slice(-2)).toEqual(['/dev/csi-vg-nvme/pvc-1', TARGET]);
});

it('makes a script of them that runs each word for word, in order, and tells the time before and after', async () => {
  const commands = [
    ['sh', '-c', 'test "$1" = "it\'s  two"', 'check', "it's  two"],
    ['test', '-d', '/tmp'],
  ];
  const { stdout } = await run('sh', ['-eu', '-c', timedScript(commands, '/tmp')]);
  const [from = Number.NaN, to = Number.NaN] = stdout.split(' ').map(Number);
  expect(to - from).toBeGreaterThanOrEqual(0);
  await expect(run('sh', ['-eu', '-c', timedScript([['false'], ...commands], '/tmp')])).rejects.toThrow('exit code 1');
});
