import { describe, expect, it } from 'vitest';
import { parseLsblk } from './lsblk.ts';

const AHCI = { driver: 'ahci', pciClass: '0x010601' };
const row = (fields: object) => ({
  kname: 'sda',
  path: '/dev/sda',
  'maj:min': '8:0',
  type: 'disk',
  size: 1000,
  'log-sec': 512,
  rota: true,
  ro: false,
  rm: false,
  tran: null,
  vendor: null,
  model: null,
  serial: null,
  wwn: null,
  fstype: null,
  pttype: null,
  mountpoint: null,
  ...fields,
});
const parse = (rows: object[], links = new Map<string, string[]>(), settled?: ReadonlySet<string>) =>
  parseLsblk(JSON.stringify({ blockdevices: rows }), {
    links,
    rotationRates: new Map([['sda', 7200]]),
    controllers: new Map([['sda', AHCI]]),
    settled,
  });

describe('lsblk', () => {
  it('tells which disks udev has not dealt with yet, where there is an udev', () => {
    const isPending = (...numbers: string[]) => parse([row({})], undefined, new Set(numbers))[0]?.pending;
    expect(isPending('8:0', '8:16')).toBe(false);
    expect(isPending('8:16')).toBe(true);
    expect(parse([row({})])[0]?.pending).toBe(false);
  });

  it('does not show devices made of files, network, memory or other devices (trap 28)', () => {
    const names = ['loop0', 'rbd0', 'drbd1', 'nbd2', 'zram0', 'dm-0', 'md0', 'sr0', 'sda', 'nvme0n1', 'vdb'];
    expect(parse(names.map((kname) => row({ kname }))).map(({ name }) => name)).toEqual(['sda', 'nvme0n1', 'vdb']);
  });

  it('reads old versions, whose flags are text, and drops blanks around names', () => {
    const old = row({ size: '1000', 'log-sec': '4096', rota: '1', ro: '0', rm: '1', vendor: 'ATA     ', serial: '  ' });
    expect(parse([old])[0]).toMatchObject({
      sizeBytes: 1000,
      rotational: true,
      removable: true,
      vendor: 'ATA',
      sectorBytes: 4096,
    });
    expect(parse([old])[0]?.serial).toBeUndefined();
  });

  it('counts the mount points of everything below a disk', () => {
    const leaf = row({ kname: 'dm-0', type: 'lvm', mountpoint: '/data' });
    const disk = row({ children: [row({ kname: 'sda1', type: 'part', children: [leaf] })] });
    expect(parse([disk])[0]).toMatchObject({ mountPoints: ['/data'], children: [{ name: 'sda1', type: 'part' }] });
  });

  it('adds links and rotation rates', () => {
    const links = new Map([['sda', ['/dev/disk/by-id/wwn-1']]]);
    expect(parse([row({})], links)[0]).toMatchObject({
      rotationRate: 7200,
      controller: AHCI,
      links: ['/dev/disk/by-id/wwn-1'],
    });
  });

  it.each(['', 'lsblk: error', '{"blockdevices": 3}'])('throws a sentence on "%s"', (text) => {
    expect(() =>
      parseLsblk(text, { links: new Map(), rotationRates: new Map(), controllers: new Map(), settled: undefined }),
    ).toThrow("lsblk's output");
  });
});
