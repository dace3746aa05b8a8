import { describe, expect, it } from 'vitest';
import { groupNameOf, parseVolumeGroups } from './volume-groups.ts';

describe('the setting volumeGroups', () => {
  it('names a group for a medium', () => {
    const groups = parseVolumeGroups(' nvme=vg-fast, hdd=vg_slow.1,');
    expect(groups).toEqual({ nvme: 'vg-fast', hdd: 'vg_slow.1' });
    expect(groupNameOf('nvme', groups)).toBe('vg-fast');
    expect(groupNameOf('ssd', groups)).toBe('csi-vg-ssd');
    expect(parseVolumeGroups('')).toEqual({});
  });

  it.each([
    ['vg-fast', 'write medium=group with a medium of hdd, ssd, nvme'],
    ['floppy=vg-fast', 'write medium=group'],
    ['nvme=', 'write medium=group'],
    ['nvme=-vg', 'write medium=group'],
    ['nvme=vg/fast', 'write medium=group'],
    ['nvme=..', 'write medium=group'],
    ['nvme=csi-vg-ssd', 'csi-vg-ssd is a name for groups that Berth makes itself'],
    ['nvme=a,nvme=b', 'nvme=a and nvme=b exclude each other'],
    ['nvme=a,hdd=a', 'nvme=a and hdd=a exclude each other'],
  ])('refuses %s with a sentence', (text, sentence) => {
    expect(() => parseVolumeGroups(text)).toThrow(sentence);
  });
});
