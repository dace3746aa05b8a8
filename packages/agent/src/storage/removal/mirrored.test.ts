import { expect, it } from 'vitest';
import { findVolume } from '../../lvm/logical-volume.ts';
import { readReport } from '../../lvm/report.ts';
import { useRemovals } from '../../testing/removal-harness.ts';

const { contentOf, create, createOn, holders, isOut, lvm, machine, pass, ran, until } = useRemovals();

/** What lvconvert --replace does. */
const replaceCopy = () => {
  const [from, to = ''] = [contentOf('a')?.uuid, contentOf('c')?.uuid];
  const lv = machine().state.groups[0]?.lvs.find(({ name }) => name === 'pvc-1');
  if (lv !== undefined) lv.parts = lv.parts.map((part) => (part.pv === from ? { ...part, pv: to } : part));
};

it('moves no copy of a mirrored volume, says how it is made anew elsewhere, and leaves when it is', async () => {
  const { takenBytes } = await create('pvc-1', 40, { type: 'raid1' });
  await createOn('a', 'pvc-2', 8);
  for (let passes = 0; passes < 5; passes += 1) await pass(['a']);
  expect(await holders('pvc-2')).not.toContain('/dev/a');
  expect((await pass(['a'])).progress.get('a')).toMatchObject({
    phase: 'Blocked',
    message:
      'copies of mirrored volumes are not moved but made anew on another disk; run on the node, each when the one before is in sync: lvconvert --replace /dev/a csi-vg-nvme/pvc-1',
  });
  expect(ran('pvmove').filter((line) => !line.includes('--name pvc-2'))).toEqual([]);
  replaceCopy();
  await until(['a'], () => isOut('a'));
  expect(findVolume(await readReport(lvm()), 'pvc-1')).toMatchObject({ takenBytes, isMirrored: true });
});
