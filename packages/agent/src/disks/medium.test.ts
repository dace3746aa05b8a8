import { describe, expect, it } from 'vitest';
import { blockDevice } from '../testing/block-device.ts';
import { decideMedium } from './medium.ts';
import { parseMediumRules } from './medium-rules.ts';

describe('the medium of a disk', () => {
  it.each([
    ['NVMe transport, whatever the rotational flag says (trap 55)', { transport: 'nvme', rotational: true }, 'nvme'],
    ['a disk that says it does not rotate', { rotationRate: 1, rotational: true }, 'ssd'],
    ['a disk that says its speed', { rotationRate: 7200 }, 'hdd'],
    [
      'a hypervisor disk whose page B1h says its speed',
      { vendor: 'QEMU', model: 'QEMU HARDDISK', rotationRate: 7200 },
      'hdd',
    ],
    [
      'the rotational flag of a real disk',
      { vendor: 'ATA', model: 'WDC WD40', rotational: true, rotationRate: 0 },
      'hdd',
    ],
    ['the flag of a real disk that does not rotate', { vendor: 'ATA', model: 'SAMSUNG MZ7' }, 'ssd'],
  ] as const)('comes from %s', (_, facts, medium) => {
    expect(decideMedium(blockDevice(facts)).medium).toBe(medium);
  });

  it.each([
    [{ name: 'vda', transport: 'virtio' }],
    [{ vendor: 'QEMU', model: 'QEMU HARDDISK' }],
    [{ vendor: 'VMware', model: 'Virtual disk' }],
    [{ vendor: 'Msft', model: 'Virtual Disk' }],
    [{ vendor: 'DELL', model: 'PERC H730 Mini' }],
    [{ vendor: 'HP', model: 'LOGICAL VOLUME' }],
    [{ vendor: 'AVAGO', model: 'MR9361-8i', rotationRate: 7200 }],
    [{ vendor: 'DELL', model: 'X', rotationRate: 1, controller: { pciClass: '0x010400' } }],
    [{ vendor: 'HPE', model: 'X', controller: { driver: 'smartpqi', pciClass: '0x010700' } }],
  ])('is not guessed for %o', (facts) => {
    const decision = decideMedium(blockDevice(facts));
    expect(decision.medium).toBeUndefined();
    expect(decision).toMatchObject({ reason: expect.stringContaining('mediumRules') });
  });

  it('is what the operator says before anything else', () => {
    const rules = parseMediumRules('model:PERC H730 Mini=hdd, slot:pci-0000:00:10.0-nvme-1=ssd');
    expect(decideMedium(blockDevice({ model: 'PERC H730 Mini' }), rules).medium).toBe('hdd');
    const inSlot = { transport: 'nvme', links: ['/dev/disk/by-path/pci-0000:00:10.0-nvme-1'] };
    expect(decideMedium(blockDevice(inSlot), rules)).toMatchObject({
      medium: 'ssd',
      decidedBy: expect.stringContaining('slot:'),
    });
    expect(decideMedium(blockDevice({ model: 'PERC H730 Mini 2', transport: 'nvme' }), rules).medium).toBe('nvme');
  });

  it.each([
    ['model:PERC*=hdd', { model: 'PERC H730 Mini' }, true],
    ['model:*H730*=hdd', { model: 'PERC H730 Mini' }, true],
    ['model:PERC.H730=hdd', { model: 'PERC H730' }, false],
    ['vendor:DELL&model:PERC*=hdd', { vendor: 'DELL', model: 'PERC H730' }, true],
    ['vendor:DELL&model:PERC*=hdd', { vendor: 'HP', model: 'PERC H730' }, false],
    ['serial:S3*=hdd', { serial: 'S3Z8' }, true],
    ['path:/dev/disk/by-id/wwn-0x5*=hdd', { links: ['/dev/disk/by-id/wwn-0x5000'] }, true],
    ['path:/dev/sd?=hdd', { path: '/dev/sda' }, false],
    ['path:/dev/sd*=hdd', { path: '/dev/sda' }, true],
    ['size:>=2Ti=hdd', { sizeBytes: 2 * 1024 ** 4 }, true],
    ['size:>2Ti=hdd', { sizeBytes: 2 * 1024 ** 4 }, false],
    ['size:>=1Ti&size:<2Ti=hdd', { sizeBytes: 1.5 * 1024 ** 4 }, true],
    ['size:>=1Ti&size:<=2Ti=hdd', { sizeBytes: 3 * 1024 ** 4 }, false],
    ['label:pool=dense=hdd', {}, true],
    ['label:pool=fast=hdd', {}, false],
    ['label:pool=hdd', {}, true],
    ['label:toString=hdd', {}, false],
  ])('rule "%s" and a disk with %o: %s', (text, facts, expected) => {
    const [rule] = parseMediumRules(text);
    expect(rule?.matches(blockDevice(facts), { pool: 'dense' })).toBe(expected);
  });

  it('is asked of the node only where a rule needs its labels', () => {
    const rules = parseMediumRules('model:x=hdd,size:>1Ti&label:pool=hdd');
    expect(rules.map(({ usesLabels }) => usesLabels)).toEqual([false, true]);
  });

  it.each(['size:2Ti=hdd', 'size:>many=hdd', 'model:x&=hdd', 'toString:x=hdd'])('refuses the rule "%s"', (text) => {
    expect(() => parseMediumRules(text)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
  });

  it.each(['model=hdd', 'colour:red=hdd', 'model:x=floppy', 'x'])('refuses the rule "%s" with a sentence', (text) => {
    expect(() => parseMediumRules(text)).toThrow(/write field:value=medium/);
  });
});
