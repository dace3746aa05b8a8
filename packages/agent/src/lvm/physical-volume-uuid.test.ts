import { expect, it } from 'vitest';
import { physicalVolumeUuids } from './physical-volume-uuid.ts';

it('gives each disk of each node its own physical volume UUIDs, in the form LVM wants', () => {
  const [first, second] = physicalVolumeUuids('node-1', 'wwn 0x1');
  expect(first).toMatch(/^\w{6}(-\w{4}){5}-\w{6}$/);
  expect(new Set([first, second, ...physicalVolumeUuids('node-2', 'wwn 0x1')]).size).toBe(10);
  expect(physicalVolumeUuids('node-1', 'wwn 0x1')[0]).toBe(first);
});
