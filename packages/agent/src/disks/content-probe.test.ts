import { describe, expect, it } from 'vitest';
import { createHost } from '../host/host.ts';
import { createFakeMachine } from '../testing/fake-machine.ts';
import { createMachineState, type MachineState } from '../testing/machine-state.ts';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { judgeProbe, probeContents } from './content-probe.ts';

const SIZE = 1024 ** 3;
const READ = { exitCode: 0, text: '1+0 records in\n1+0 records out\n' };

const judge = (blkid: number, wipefs: number, blkidText = '', wipefsText = '') =>
  judgeProbe('/dev/sda', {
    reads: [READ, READ],
    blkid: { exitCode: blkid, text: blkidText },
    wipefs: { exitCode: wipefs, text: wipefsText },
  });

describe('the probes of a disk', () => {
  it('say blank only together', () => {
    expect(judge(2, 0)).toEqual({ kind: 'blank' });
    expect(judge(2, 0, '', '# header\n0x438,,,ext4\n').kind).toBe('signatures');
    expect(judge(0, 0, 'TYPE=xfs\nUUID=u\n')).toEqual({
      kind: 'signatures',
      found: 'xfs',
      fields: { TYPE: 'xfs', UUID: 'u' },
    });
  });

  it('never make a blank of an error (trap 1)', () => {
    expect(judge(2, 1).kind).toBe('unknown');
    expect(judge(4, 0).kind).toBe('unknown');
    expect(judge(127, 0).kind).toBe('unknown');
  });

  it('never make a blank of what was not finished (trap 1)', () => {
    const answer = { exitCode: 0, text: '' };
    const blkid = { exitCode: 2, text: '' };
    expect(judgeProbe('/dev/sda').kind).toBe('unknown');
    expect(judgeProbe('/dev/sda', { reads: [READ], blkid, wipefs: answer }).kind).toBe('unknown');
    expect(judgeProbe('/dev/sda', { reads: [READ, READ], blkid }).kind).toBe('unknown');
    expect(judgeProbe('/dev/sda', { reads: [READ, { exitCode: 0, text: '0+0 records in\n' }], blkid }).kind).toBe(
      'unknown',
    );
  });

  it('take contradicting signatures and partition tables for content (traps 5, 54)', () => {
    expect(judge(8, 0).kind).toBe('signatures');
    expect(judge(0, 0, 'PTTYPE=gpt\n')).toMatchObject({ kind: 'signatures', found: 'a partition table (gpt)' });
  });
});

describe('several disks', () => {
  const probe = async (change: (state: MachineState) => void) => {
    const disks = ['/dev/sda', '/dev/sdb', '/dev/sdc'].map((path) => ({ path, sizeBytes: SIZE }));
    const machine = createFakeMachine(createMachineState(disks), await temporaryDirectory());
    change(machine.state);
    const contents = await probeContents(createHost({ spawner: machine.spawner, prefix: [] }), disks);
    return { kinds: contents.map(({ kind }) => kind), programs: machine.state.commands.length };
  };

  it('are probed by one process, each with its own verdict', async () => {
    const found = await probe(({ disks: [first, second] }) => {
      Object.assign(first ?? {}, { content: { kind: 'filesystem', type: 'ext4', uuid: 'u' } });
      Object.assign(second ?? {}, { unreadable: true });
    });
    expect(found).toEqual({ kinds: ['signatures', 'unknown', 'blank'], programs: 1 });
  });

  it('do not suffer from one that does not answer', async () => {
    const found = await probe((state) => {
      state.faults.push({ match: '/dev/sdb', how: 'hang' }, { match: 'probe /dev/sdb', how: 'hang' });
    });
    expect(found).toEqual({ kinds: ['blank', 'unknown', 'blank'], programs: 4 });
  });
});
