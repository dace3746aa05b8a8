import type { Layout } from '@berth/contract/layout';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { VolumeGroupStatus } from '@berth/contract/resources/node-storage';
import { describe, expect, it } from 'vitest';
import type { GroupState } from './model.ts';
import { nodeStateOf } from './node-state.ts';
import { judge } from './place.ts';
import { demand, GiB, type GroupChange, hold, nodeState, nvmeGroup, options, question } from './testing.ts';

const MiB = 1024 ** 2;
const RAID1: Layout = { type: 'raid1' };
const STRIPED: Layout = { type: 'striped', stripes: 2 };

/** A node whose disks have so many GiB, and so many of them free. */
const node = (name: string, sizes: readonly number[], free = sizes, change: GroupChange = {}) => {
  const sum = (amounts: readonly number[]) => amounts.reduce((all, gib) => all + gib * GiB, 0);
  const disks = {
    size: sum(sizes),
    free: sum(free),
    ours: sum(sizes) - sum(free),
    diskFree: free.map((gib) => gib * GiB),
  };
  return nodeState(name, { groups: { nvme: nvmeGroup({ ...disks, ...change }) } });
};
const ask = (name: string, gib: number, layout: Layout = RAID1) => demand(name, { bytes: gib * GiB, layout });
const names = (choices: readonly { node: { name: string } }[]) => choices.map((choice) => choice.node.name);

describe('room for volumes on several disks', () => {
  it('is on as many disks, each with room for its share, and the sentence says how many have it', () => {
    const given = options([node('one', [700]), node('uneven', [600, 200]), node('two', [400, 400])]);
    const { choices, refused } = judge(['one', 'uneven', 'two'], question([ask('x', 300)]), given);
    expect(names(choices)).toEqual(['two']);
    expect(refused.get('one')).toEqual(['nvme: raid1 needs 2 disks with 300.0 GiB free each; of 1 disks 1 has that']);
    expect(refused.get('uneven')).toEqual([
      'nvme: raid1 needs 2 disks with 300.0 GiB free each; of 2 disks 1 has that',
    ]);
    const striped = judge(['one', 'uneven', 'two'], question([ask('x', 600, { type: 'striped', stripes: 3 })]), given);
    expect(striped.refused.get('two')).toEqual([
      'nvme: striped over 3 disks needs 3 disks with 200 GiB free each; of 2 disks 2 have that',
    ]);
  });

  it('counts both copies and their metadata against the group', () => {
    const given = options([node('a', [100, 100])]);
    expect(judge(['a'], question([ask('x', 100)]), given).refused.get('a')).toEqual([
      'nvme: needs 200.0 GiB, 200 GiB free of 200 GiB',
    ]);
    const just = question([demand('x', { bytes: 100 * GiB - 4 * MiB, layout: RAID1 })]);
    expect(names(judge(['a'], just, given).choices)).toEqual(['a']);
  });

  it('is judged for all claims of a pod together, as a linear one may lie on any disk', () => {
    const given = options([node('a', [100, 100])]);
    const both = (gib: number) => judge(['a'], question([ask('x', 60), demand('y', { bytes: gib * GiB })]), given);
    expect(names(both(39).choices)).toEqual(['a']);
    expect(both(41).refused.get('a')).toEqual([
      'nvme: raid1 needs 2 disks with 60.0 GiB free each; of 2 disks 2 have that, but other volumes that are still to be made may take it',
    ]);
  });

  it('is not what others are held, whose disks nobody knows yet, and theirs is not taken by a linear one', () => {
    const given = options([node('a', [100, 100])]);
    given.ledger.hold([hold('first', 'a', { bytes: 60 * GiB, layout: RAID1 })], 0);
    expect(names(judge(['a'], question([ask('x', 30)]), given).choices)).toEqual(['a']);
    expect(names(judge(['a'], question([ask('x', 70, STRIPED)]), given).choices)).toEqual(['a']);
    expect(judge(['a'], question([ask('x', 90, STRIPED)]), given).refused.get('a')).toEqual([
      'nvme: needs 90 GiB, 200 GiB free of 200 GiB; 120.0 GiB held for prod/first',
    ]);
    expect(judge(['a'], question([demand('y', { bytes: 50 * GiB })]), given).refused.get('a')).toEqual([
      'nvme: volumes that are still to be made need 2 disks with 60.0 GiB free each, which this pod could take',
    ]);
  });

  it('is certain only where it is there also if others come that still may', () => {
    const given = options([node('a', [100, 100]), node('b', [100, 100])]);
    given.ledger.hold([hold('first', 'b', { bytes: 60 * GiB, candidates: ['b', 'a'] })], 0);
    const { choices } = judge(['a', 'b'], question([ask('x', 50)]), given);
    expect(choices.map((choice) => [choice.node.name, choice.sure])).toEqual([['a', false]]);
    given.ledger.release('uid-first');
    expect(judge(['a'], question([ask('x', 50)]), given).choices[0]?.sure).toBe(true);
  });

  it('cannot be told from the report of an agent that says nothing of single disks', () => {
    const given = options([node('old', [100, 100], [100, 100], { diskFree: undefined })]);
    expect(judge(['old'], question([ask('x', 10)]), given).refused.get('old')).toEqual([
      "nvme: raid1 can't be judged, because the node's agent does not report what each disk has free; renew the agent",
    ]);
    expect(names(judge(['old'], question([demand('x')]), given).choices)).toEqual(['old']);
  });
});

describe('a node', () => {
  const volume = (name: string, size: string, fields: object = {}, real?: string): LogicalVolume => ({
    metadata: { name },
    spec: {
      ...{ nodeName: 'a', medium: 'nvme', size, volumeMode: 'Block' },
      claim: { namespace: 'prod', name, uid: name },
      ...fields,
    },
    ...(real && { status: { phase: 'Ready', size: real } }),
  });
  const stateWith = (volumes: readonly LogicalVolume[], group: Partial<VolumeGroupStatus> = {}) => {
    const sizes = { extentSize: '4Mi', size: '400Mi', free: '400Mi', foreign: '0', reserve: '0' };
    const given = { name: 'csi-vg-nvme', medium: 'nvme' as const, uuid: 'u', ...sizes, physicalVolumes: [], ...group };
    const storage = { metadata: { name: 'a' }, status: { groups: [given] } };
    return nodeStateOf({ storage, labels: undefined, volumes }).groups.nvme;
  };
  const inMiB = (state: GroupState | undefined) =>
    state?.coming?.map(({ disks, diskBytes, takenBytes }) => [disks, diskBytes / MiB, takenBytes / MiB]);

  it('counts what volumes take, not what they offer', () => {
    const state = stateWith([
      volume('x', '9Mi', { layout: 'raid1' }),
      volume('y', '9Mi', { layout: 'striped', stripes: 4 }),
    ]);
    expect(state?.unused).toBe((400 - 32 - 16) * MiB);
  });

  it('expects what is not on its disks yet: new volumes, and what others grow by', () => {
    const grown = { free: '336Mi' };
    const growing = volume('y', '30Mi', { layout: 'raid1' }, '12Mi');
    expect(inMiB(stateWith([volume('x', '16Mi', { layout: 'striped', stripes: 2 })]))).toEqual([[2, 8, 16]]);
    expect(inMiB(stateWith([volume('x', '12Mi', {}, '12Mi')], { free: '388Mi' }))).toBeUndefined();
    expect(inMiB(stateWith([growing], { free: '368Mi' }))).toEqual([[2, 20, 40]]);
    expect(inMiB(stateWith([volume('x', '32Mi', {}, '32Mi'), volume('z', '32Mi', {}, '32Mi')], grown))).toBeUndefined();
  });

  it('counts as one what may lie on any disks', () => {
    const many = ['x', 'y', 'z'].map((name) => volume(name, '12Mi'));
    expect(inMiB(stateWith(many))).toEqual([[1, 36, 36]]);
    const mirrored = volume('m', '12Mi', { layout: 'raid1' });
    expect(inMiB(stateWith([...many, mirrored]))).toEqual([
      [2, 16, 32],
      [1, 36, 36],
    ]);
  });

  it('takes what its late report does not show for something that may be on any disk', () => {
    expect(inMiB(stateWith([volume('x', '12Mi', { layout: 'raid1' }, '12Mi')]))).toEqual([[1, 32, 32]]);
  });

  it('knows what each disk has free where the agent says so', () => {
    expect(stateWith([], { diskFree: ['100Mi', '300Mi'] })?.diskFree).toEqual([100 * MiB, 300 * MiB]);
    expect(stateWith([])?.diskFree).toBeUndefined();
  });
});
