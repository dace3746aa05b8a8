import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { expect, it } from 'vitest';
import { logicalVolume, volumeGroup } from '../testing/volume-group.ts';
import { promisedBytes } from './promised.ts';

const MIB = 1024 ** 2;
const GROUP = volumeGroup({ logicalVolumes: [logicalVolume('pvc-made', 1, [])] });

const object = (name: string, fields: Partial<LogicalVolume> = {}, medium: 'hdd' | 'ssd' = 'hdd'): LogicalVolume => ({
  metadata: { name },
  spec: {
    ...{ nodeName: 'node-1', medium, size: '9Mi', volumeMode: 'Block' },
    claim: { namespace: 'default', name, uid: name },
  },
  ...fields,
});

it('counts what is still to be made, in whole extents, and nothing else', () => {
  const objects = [
    object('pvc-new'),
    object('pvc-pending', { status: { phase: 'Pending' } }),
    object('pvc-made'),
    object('pvc-ready', { status: { phase: 'Ready' } }),
    object('pvc-failed', { status: { phase: 'Failed' } }),
    object('pvc-going', { metadata: { name: 'pvc-going', deletionTimestamp: '2026-01-01T00:00:00Z' } }),
    object('pvc-elsewhere', {}, 'ssd'),
  ];
  expect(promisedBytes(objects, 'hdd', GROUP)).toBe(2 * 12 * MIB);
  expect(promisedBytes([], 'hdd', GROUP)).toBe(0);
});

it('counts both copies of a mirrored volume, with their metadata', () => {
  const { spec } = object('pvc-new');
  const mirrored = { metadata: { name: 'pvc-new' }, spec: { ...spec, layout: 'raid1' as const } };
  expect(promisedBytes([mirrored], 'hdd', GROUP)).toBe(2 * (12 + 4) * MIB);
});
