import type { NodeStorageStatus } from '@berth/contract/resources/node-storage';
import { describe, expect, it } from 'vitest';
import type { VolumeGroup } from '../lvm/report.ts';
import { OWNER_TAG } from '../lvm/tags.ts';
import { logicalVolume, volumeGroup } from '../testing/volume-group.ts';
import { judgeHandedOver, knownHandedOver } from './handed-over.ts';

const SETTING = { nvme: 'vg-fast' };
const told = (uuid: string): NodeStorageStatus => ({ handedOver: [{ medium: 'nvme', name: 'vg-fast', uuid }] });
const judge = (groups: readonly VolumeGroup[], previous?: NodeStorageStatus, forget: string[] = []) => {
  const [first] = judgeHandedOver({ volumeGroups: SETTING, report: { groups, orphans: [] }, previous, forget });
  return first;
};
const problemOf = (facts: Partial<VolumeGroup>) => judge([volumeGroup(facts)])?.problem;
const full = { freeBytes: 0, thinPools: ['pool'] };

describe('a volume group that an operator hands over', () => {
  it('is known by its UUID from the first time it is usable', () => {
    const group = volumeGroup();
    expect(judge([group])).toEqual({ medium: 'nvme', name: 'vg-fast', uuid: 'VG-1', group });
    expect(judge([group], told('VG-1'))).toEqual({ medium: 'nvme', name: 'vg-fast', uuid: 'VG-1', group });
  });

  it('is not replaced by another group of its name, until the operator says that this one is meant', () => {
    const group = volumeGroup({ uuid: 'VG-2' });
    const refused = judge([group], told('VG-1'));
    expect(refused).toMatchObject({ uuid: 'VG-1', problem: expect.stringContaining('it is another group') });
    expect(refused?.group).toBeUndefined();
    expect(judge([group], told('VG-1'), ['VG-1'])).toMatchObject({ uuid: 'VG-2', group });
  });

  it('keeps its UUID while it is not there', () => {
    expect(judge([], told('VG-1'))).toEqual({
      ...{ medium: 'nvme', name: 'vg-fast', uuid: 'VG-1' },
      problem: 'the node has no volume group vg-fast',
    });
  });

  it.each([
    ['exported', { exported: true }, 'is exported; run vgimport vg-fast'],
    ['shared', { shared: true }, 'is shared with other nodes'],
    ['read-only', { readOnly: true }, 'is read-only'],
    ['incomplete at first sight', { partial: true }, 'misses disks; it is taken over once it is complete'],
    ['marked as ours', { tags: [OWNER_TAG] }, `run vgchange --deltag ${OWNER_TAG} vg-fast`],
    ['all in a thin pool', full, 'is in the thin pool pool; our volumes are thick'],
  ])('that is %s holds no volumes, and the sentence says why', (_, facts, sentence) => {
    expect(problemOf(facts)).toContain(sentence);
    expect(judge([volumeGroup(facts)])).not.toHaveProperty('uuid');
  });

  it('that is full of our own volumes is not taken for one that is all in a thin pool', () => {
    expect(problemOf({ ...full, logicalVolumes: [logicalVolume('pvc-1', 1, [OWNER_TAG])] })).toBeUndefined();
  });

  it('stays handed over when it misses disks later', () => {
    const group = volumeGroup({ partial: true });
    expect(judge([group], told('VG-1'))).toMatchObject({ uuid: 'VG-1', group });
  });

  it('does not count while there are two of its name, or one of ours for the medium', () => {
    expect(judge([volumeGroup(), volumeGroup({ uuid: 'VG-2' })])?.problem).toContain('there are several volume groups');
    const rival = volumeGroup({ name: 'csi-vg-nvme', uuid: 'VG-2', tags: [OWNER_TAG] });
    expect(judge([volumeGroup(), rival])?.problem).toContain(
      'the node has the volume group csi-vg-nvme for nvme already',
    );
    expect(judge([volumeGroup(), { ...rival, name: 'csi-vg-hdd' }])?.problem).toBeUndefined();
  });

  it('is for making volumes only what the node has told of it', () => {
    expect([...knownHandedOver(SETTING, undefined)]).toEqual([['vg-fast', undefined]]);
    expect([...knownHandedOver(SETTING, told('VG-1'))]).toEqual([['vg-fast', 'VG-1']]);
    expect([...knownHandedOver({ hdd: 'vg-fast' }, told('VG-1'))]).toEqual([['vg-fast', undefined]]);
    expect([...knownHandedOver({}, told('VG-1'))]).toEqual([]);
  });
});
