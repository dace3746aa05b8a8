import { describe, expect, it } from 'vitest';
import { findVolume } from '../../lvm/logical-volume.ts';
import { readReport } from '../../lvm/report.ts';
import { GROUP, MIB, NAMES, useRemovals } from '../../testing/removal-harness.ts';

const { contentOf, create, createOn, disks, holders, isOut, lvm, machine, pass, ran, restart, until } = useRemovals();

describe('a disk that is to leave', () => {
  it('is withheld, emptied volume by volume, taken out of its group and blank', async () => {
    await createOn('a', 'pvc-1', 40);
    await createOn('a', 'pvc-2', 20);
    await until(['a'], () => isOut('a'));
    expect(ran('pvmove').map((line) => /--name (\S+)/.exec(line)?.[1])).toEqual(['pvc-1', 'pvc-2']);
    for (const volume of ['pvc-1', 'pvc-2']) expect(await holders(volume)).not.toContain('/dev/a');
    expect(findVolume(await readReport(lvm()), 'pvc-1')?.sizeBytes).toBe(40 * MIB);
    const order = ['pvchange', 'pvmove', 'vgreduce', 'pvremove'].map((command) =>
      machine().state.commands.findIndex((line) => line.startsWith(`lvm ${command} `)),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(await pass(['a'])).toMatchObject({ progress: new Map() });
  });

  const COMMANDS = ['pvchange', 'pvmove', 'vgreduce', 'pvremove'];
  const FAULTS = COMMANDS.flatMap((command) => [
    { match: `lvm ${command}`, how: 'fail-before' as const },
    { match: `lvm ${command}`, how: 'fail-after' as const },
  ]);
  it.each(FAULTS)('leaves all the same, with all data kept, when the agent dies at $match ($how)', async (fault) => {
    await create('pvc-1', 40);
    machine().state.faults.push({ ...fault });
    await pass(['a']).catch(() => undefined);
    for (let passes = 0; passes < 3 && machine().state.faults.length > 0; passes += 1) await pass(['a']);
    expect(machine().state.faults).toEqual([]);
    restart();
    await until(['a'], () => isOut('a'));
    expect(await holders('pvc-1')).toEqual(['/dev/b']);
    expect(findVolume(await readReport(lvm()), 'pvc-1')?.sizeBytes).toBe(40 * MIB);
  });

  it('says how much is left, and is not in the way of other commands meanwhile', async () => {
    machine().state.percentPerReport = 20;
    await create('pvc-1', 40);
    const { progress } = await pass(['a']);
    expect(progress.get('a')).toEqual({
      ...{ phase: 'Moving', leftBytes: 32 * MIB },
      message: 'pvc-1 is moved to other disks; 40 MiB are to be moved in all',
    });
    await create('pvc-2', 8);
    expect(await holders('pvc-2')).not.toContain('/dev/a');
    await until(['a'], () => isOut('a'));
  });

  it('stays where it is, with the numbers, while the others lack room, and leaves once there is some', async () => {
    await create('pvc-1', 100);
    await create('pvc-2', 100);
    await create('pvc-3', 80);
    const { progress } = await pass(['a']);
    expect(progress.get('a')).toEqual({
      ...{ phase: 'Blocked', leftBytes: 100 * MIB },
      message:
        'volumes have 100 MiB on it, and the other disks of csi-vg-nvme have 20 MiB free; add a disk or remove volumes, 80 MiB are missing',
    });
    expect(ran('pvmove')).toEqual([]);
    expect((await readReport(lvm())).groups[0]?.freeBytes).toBe(0);
    await lvm().run('lvremove', ['--yes', `${GROUP}/pvc-3`]);
    await until(['a'], () => isOut('a'));
    expect(await holders('pvc-1')).toEqual(['/dev/c']);
  });

  it('stays with what is on it when it is taken off the list, and takes volumes again', async () => {
    machine().state.percentPerReport = 20;
    await create('pvc-1', 40);
    await pass(['a']);
    await pass([]);
    expect(contentOf('a')).toMatchObject({ withheld: false, tags: [] });
    expect(contentOf('a')?.move).toBeUndefined();
    expect(await holders('pvc-1')).toEqual(['/dev/a']);
    expect(ran('pvmove').at(-1)).toContain('--abort');
  });

  it('is emptied on when a look can not tell its identity (trap 53)', async () => {
    machine().state.percentPerReport = 20;
    await create('pvc-1', 40);
    await pass(['a']);
    const unknown = disks.map((disk) => ({ ...disk, identity: { value: '', tier: 'none' as const } }));
    await pass(['a'], { disks: unknown });
    expect(contentOf('a')?.move).toBeDefined();
    expect(contentOf('a')?.withheld).toBe(true);
  });

  it('is left alone by an agent that only observes', async () => {
    await create('pvc-1', 40);
    machine().state.commands = [];
    const { progress } = await pass(['a'], { mode: 'observe' });
    expect(progress.get('a')).toMatchObject({ phase: 'Blocked', message: 'the agent only observes (setting mode)' });
    expect(machine().state.commands.filter((line) => !line.startsWith('lvm fullreport'))).toEqual([]);
  });

  it('is left alone in a group that is not of our making', async () => {
    await create('pvc-1', 40);
    for (const group of machine().state.groups) group.tags = [];
    machine().state.commands = [];
    expect((await pass(['a'])).progress).toEqual(new Map());
    expect(machine().state.commands.filter((line) => !line.startsWith('lvm fullreport'))).toEqual([]);
  });

  it('never gives its volumes to another one that is to leave', async () => {
    await create('pvc-1', 40);
    await until(['a', 'b'], () => isOut('a') && isOut('b'));
    expect(await holders('pvc-1')).toEqual(['/dev/c']);
    expect(ran('pvmove')).toHaveLength(1);
  });

  it('takes its group with it when it is the last one', async () => {
    await until(['a', 'b', 'c'], () => NAMES.every(isOut));
    expect(machine().state.groups).toEqual([]);
    expect(ran('vgremove')).toHaveLength(1);
  });

  it('does not keep another one from leaving when LVM fails', async () => {
    await create('pvc-1', 40);
    machine().state.faults.push({ match: 'lvm pvmove', how: 'fail-before', stderr: '  pvmove0: no mirror target' });
    const { progress } = await pass(['a', 'c']);
    expect(progress.get('a')).toMatchObject({ phase: 'Blocked', message: expect.stringContaining('no mirror target') });
    expect(isOut('c')).toBe(true);
  });
});
