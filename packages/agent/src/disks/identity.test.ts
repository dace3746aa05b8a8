import { describe, expect, it } from 'vitest';
import { blockDevice } from '../testing/block-device.ts';
import { identifyDisks } from './identity.ts';

const identify = (...devices: Parameters<typeof blockDevice>[0][]) =>
  identifyDisks(devices.map(blockDevice)).map(({ identity, link }) => ({ ...identity, link }));

const BY_PATH = '/dev/disk/by-path/pci-0000:00:10.0-nvme-1';
const BY_WWN = '/dev/disk/by-id/wwn-0x5000c500a1b2c3d4';
const BY_SERIAL = '/dev/disk/by-id/ata-Disk_S1';

describe('the identity of a disk', () => {
  it('is the World Wide Name before the serial number before the slot', () => {
    const all = { wwn: '0x5000c500a1b2c3d4', serial: 'S1', model: 'Disk', links: [BY_SERIAL, BY_WWN, BY_PATH] };
    expect(identify(all)).toEqual([{ tier: 'wwn', value: '0x5000c500a1b2c3d4', link: BY_WWN }]);
    expect(identify({ ...all, wwn: '0x0000000000000000' })).toEqual([
      { tier: 'serial', value: 'Disk_S1', link: BY_SERIAL },
    ]);
    expect(identify({ links: [BY_PATH] })).toEqual([{ tier: 'slot', value: 'pci-0000:00:10.0-nvme-1', link: BY_PATH }]);
  });

  it.each(['', '0000', '0x0', 'FFFFFFFF', 'None', 'To be filled by O.E.M.', '   '])(
    'passes over the blank serial number "%s" (trap 51)',
    (serial) => {
      expect(identify({ serial, links: [BY_SERIAL, BY_PATH] })[0]?.tier).toBe('slot');
    },
  );

  it('passes over what two disks share, for both of them (trap 51)', () => {
    const other = '/dev/disk/by-path/pci-0000:00:11.0-nvme-1';
    const twins = identify(
      { wwn: '0x5000c500a1b2c3d4', links: [BY_WWN, BY_PATH] },
      { wwn: '0x5000c500a1b2c3d4', links: [BY_WWN, other] },
    );
    expect(twins.map(({ tier, link }) => [tier, link])).toEqual([
      ['slot', BY_PATH],
      ['slot', other],
    ]);
  });

  it('keeps a serial number with spaces in one word (trap 51)', () => {
    expect(identify({ model: 'My Disk', serial: ' A 1 ', links: [BY_SERIAL] })[0]?.value).toBe('My_Disk_A_1');
  });

  it('is none when nothing tells the disk from others, and then there is no link either', () => {
    expect(identify({ links: [] })).toEqual([{ tier: 'none', value: '', link: undefined }]);
  });
});
