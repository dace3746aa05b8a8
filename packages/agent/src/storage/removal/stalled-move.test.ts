import { describe, expect, it } from 'vitest';
import { useRemovals } from '../../testing/removal-harness.ts';

const { clock, contentOf, create, holders, isOut, machine, pass, ran, restart, until } = useRemovals();

describe('a move that nobody sees through', () => {
  const abandon = () => {
    const move = contentOf('a')?.move;
    if (move !== undefined) move.polled = false;
  };

  it('is resumed by a new agent, and finished', async () => {
    machine().state.percentPerReport = 20;
    await create('pvc-1', 40);
    await pass(['a']);
    abandon();
    restart();
    await until(['a'], () => isOut('a'));
    expect(await holders('pvc-1')).toEqual(['/dev/b']);
  });

  it('is resumed when nothing was copied for five minutes, and not before', async () => {
    machine().state.percentPerReport = 20;
    await create('pvc-1', 40);
    await pass(['a']);
    abandon();
    await pass(['a']);
    await clock().advance(4 * 60_000);
    await pass(['a']);
    expect(ran('pvmove')).toHaveLength(1);
    await clock().advance(60_000);
    await pass(['a']);
    expect(ran('pvmove')).toHaveLength(2);
    await until(['a'], () => isOut('a'));
  });

  it('is ended too when the disk is to stay', async () => {
    machine().state.percentPerReport = 20;
    await create('pvc-1', 40);
    await pass(['a']);
    abandon();
    await pass([]);
    expect(contentOf('a')?.move).toBeUndefined();
    expect(await holders('pvc-1')).toEqual(['/dev/a']);
  });

  it('is tried to be ended again when LVM has not ended it', async () => {
    machine().state.percentPerReport = 0;
    await create('pvc-1', 40);
    await pass(['a']);
    abandon();
    machine().state.faults.push({ match: '--abort', how: 'fail-before', exitCode: 0 });
    machine().state.faults.push({ match: '--background', how: 'fail-before', exitCode: 0 });
    await pass([]);
    expect(contentOf('a')).toMatchObject({ withheld: true, tags: ['csi.storage.io/leaving'] });
    await pass([]);
    expect(contentOf('a')).toMatchObject({ withheld: false, tags: [] });
    expect(contentOf('a')?.move).toBeUndefined();
  });
});
