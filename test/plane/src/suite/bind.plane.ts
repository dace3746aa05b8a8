import { describe, expect, it } from 'vitest';
import { useStage } from '../testing/use-stage.ts';

const stage = useStage('bind', [
  { name: 'bind-a', rack: 'r1', gib: 10 },
  { name: 'bind-b', rack: 'r2', gib: 10 },
]);

describe('a claim that waits for its first consumer', () => {
  it('is bound to a volume on the node that its pod got, and goes with it', async () => {
    await stage.makeClaim({ name: 'data', className: 'berth-nvme', size: '3Gi' });
    await stage.makePod({ name: 'one', claims: ['data'] });
    await stage.isReady('one');
    const volume = await stage.logicalVolumeOf('data');
    expect(volume?.spec.nodeName).toBe(await stage.nodeOf('one'));
    expect(volume?.status).toMatchObject({ phase: 'Ready', size: '3Gi' });
    await stage.deletePod('one');
    await stage.deleteClaim('data');
    await stage.soon(stage.leftovers).toEqual([]);
  });
});
