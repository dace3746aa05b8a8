import { describe, expect, it } from 'vitest';
import { OWNER_TAG } from '../lvm/tags.ts';
import { blockDevice } from '../testing/block-device.ts';
import { physicalVolume, volumeGroup } from '../testing/volume-group.ts';
import { findPlace } from './disk-place.ts';

const pv = (path: string, facts = {}) => physicalVolume({ path, ...facts });
const partitioned = blockDevice({ children: [{ name: 'sda3', type: 'part' }] });
const place = (device = blockDevice(), group = volumeGroup(), isHandedOver = true) =>
  findPlace(device, {
    ...{ report: { groups: [group], orphans: [] }, ownUuids: [] },
    handedOver: isHandedOver ? [group] : [],
  });

describe('where LVM has a disk', () => {
  it('is a group that is handed over, also when that lies on one of its partitions', () => {
    const there = { kind: 'handed-over', group: expect.objectContaining({ name: 'vg-fast' }) };
    expect(place(blockDevice(), volumeGroup({ physicalVolumes: [pv('/dev/sda')] }))).toEqual(there);
    expect(place(partitioned, volumeGroup({ physicalVolumes: [pv('/dev/sda3')] }))).toEqual(there);
  });

  it('is somebody else’s group as long as that is not handed over', () => {
    const group = volumeGroup({ physicalVolumes: [pv('/dev/sda')] });
    expect(place(blockDevice(), group, false)).toMatchObject({ kind: 'foreign' });
    expect(place(blockDevice(), { ...group, tags: [OWNER_TAG] }, false)).toMatchObject({
      kind: 'ours',
      group: { name: 'vg-fast' },
      physicalVolume: { path: '/dev/sda' },
    });
  });

  it('is prepared by us only as long as it does not say that a group has it', () => {
    const orphanIs = (facts: object) =>
      findPlace(blockDevice(), {
        report: { groups: [], orphans: [pv('/dev/sda', { uuid: 'ours', ...facts })] },
        ...{ ownUuids: ['ours'], handedOver: [] },
      });
    expect(orphanIs({ claimed: false })).toMatchObject({ kind: 'prepared' });
    expect(orphanIs({ claimed: false, uuid: 'theirs' })).toMatchObject({ kind: 'leftover' });
    expect(orphanIs({ claimed: true })).toMatchObject({ kind: 'leftover', reason: /have it wiped$/ });
  });

  it('is not where another disk is, or where LVM misses one', () => {
    expect(place(partitioned, volumeGroup({ physicalVolumes: [pv('/dev/sdb3')] }))).toEqual({ kind: 'free' });
    const missing = volumeGroup({ physicalVolumes: [pv('/dev/sda', { missing: true })] });
    expect(place(blockDevice(), missing)).toEqual({ kind: 'free' });
  });
});
