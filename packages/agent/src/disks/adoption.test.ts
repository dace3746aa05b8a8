import { describe, expect, it } from 'vitest';
import { blockDevice } from '../testing/block-device.ts';
import { type AdoptionFacts, findWipeObstacle, judgeDisk } from './adoption.ts';
import type { BlockDevice } from './block-device.ts';
import { identifyDisks } from './identity.ts';

const facts = (changes: Partial<AdoptionFacts> = {}, device: Partial<BlockDevice> = {}): AdoptionFacts => {
  const [disk] = identifyDisks([blockDevice({ wwn: '0x5000c500a1b2c3d4', ...device })]);
  if (disk === undefined) throw new Error('one disk in, none out');
  return {
    disk,
    content: { kind: 'blank' },
    holders: [],
    mountPoints: [],
    swap: false,
    multipath: false,
    busy: undefined,
    groupSectorBytes: 512,
    ...changes,
  };
};

describe('taking a disk', () => {
  it('is allowed when it is blank and nobody uses it', () => {
    expect(judgeDisk(facts())).toBe('adopt');
  });

  it.each([
    ['not a whole disk', facts({}, { type: 'part' })],
    ['read-only', facts({}, { readOnly: true })],
    ['removable', facts({}, { removable: true })],
    ['less than 256 MiB', facts({}, { sizeBytes: 1024 ** 2 })],
    ['multipath', facts({ multipath: true })],
    ['mounted at /mnt', facts({ mountPoints: ['/mnt'] })],
    ['swap', facts({ swap: true })],
    // Trap 54: a partition table without any file system is not free.
    ['partition table (gpt)', facts({}, { partitionTable: 'gpt' })],
    ['partitions', facts({}, { children: [{ name: 'sda1', type: 'part' }] })],
    ['held by md0', facts({ holders: ['md0'] })],
    ['carries ext4', facts({}, { fileSystem: 'ext4' })],
    // Traps 1, 4: what can't be told is not blank, whatever the cache of udev says.
    ['carries xfs', facts({ content: { kind: 'signatures', found: 'xfs', fields: {} } })],
    ["can't be told", facts({ content: { kind: 'unknown', reason: 'block 0 can not be read' } })],
    ['EBUSY', facts({ busy: 'something else has claimed it (EBUSY)' })],
    ['nothing tells it from other disks', facts({}, { links: [] })],
    ['sectors have 4096 bytes', facts({}, { sectorBytes: 4096 })],
  ])('is refused: %s', (words, given) => {
    expect(judgeDisk(given)).toEqual({ reason: expect.stringContaining(words) });
  });
});

describe('wiping a disk', () => {
  it('may remove what is on it, of whatever kind', () => {
    const content = { kind: 'signatures', found: 'xfs', fields: {} } as const;
    expect(findWipeObstacle(facts({ content }, { partitionTable: 'gpt', fileSystem: 'xfs' }))).toBeUndefined();
  });

  it.each([
    ['mounted at /mnt', facts({ mountPoints: ['/mnt'] })],
    ['swap', facts({ swap: true })],
    ['held by md0', facts({ holders: ['md0'] })],
    ['multipath', facts({ multipath: true })],
    ['read-only', facts({}, { readOnly: true })],
    ['removable', facts({}, { removable: true })],
    ['not a whole disk', facts({}, { type: 'part' })],
    ['EBUSY', facts({ busy: 'something else has claimed it (EBUSY)' })],
    ['nothing tells it from other disks', facts({}, { links: [] })],
  ])('is refused: %s', (words, given) => {
    expect(findWipeObstacle(given)).toContain(words);
  });
});
