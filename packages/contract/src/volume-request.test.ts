import { describe, expect, it } from 'vitest';
import { checkSize, parseClassParameters } from './volume-request.ts';

describe('the parameters of a StorageClass', () => {
  it('takes the class of the published system unchanged', () => {
    const parameters = { 'csi.storage.io/disk-type': 'nvme', 'csi.storage.k8s.io/fstype': 'xfs' };
    expect(parseClassParameters(parameters)).toEqual({
      medium: 'nvme',
      fsType: 'xfs',
      policy: 'spread',
      rackSpread: 'preferred',
      recovery: 'none',
      wipePolicy: 'none',
      layout: { type: 'linear' },
      mkfsOptions: '',
    });
  });

  it.each([
    [{ layout: 'linear' }, { type: 'linear' }],
    [{ layout: 'raid1' }, { type: 'raid1' }],
    [{ layout: 'striped' }, { type: 'striped', stripes: 2 }],
    [
      { layout: 'striped', stripes: '8' },
      { type: 'striped', stripes: 8 },
    ],
  ])('reads the layout of %j', (words, layout) => {
    const parameters = Object.entries(words).map(([key, value]) => [`csi.storage.io/${key}`, value]);
    const all = Object.fromEntries([['csi.storage.io/disk-type', 'ssd'], ...parameters]);
    expect(parseClassParameters(all).layout).toEqual(layout);
  });

  it.each([
    [{}, 'csi.storage.io/disk-type is missing; write one of hdd, ssd, nvme'],
    [{ 'csi.storage.io/disk-type': 'NVMe' }, '"NVMe"; write one of hdd, ssd, nvme'],
    [{ 'csi.storage.io/disk-type': 'ssd', 'csi.storage.k8s.io/fstype': 'btrfs' }, 'write one of xfs, ext4'],
    [
      { 'csi.storage.io/disk-type': 'ssd', 'csi.storage.io/polcy': 'spread' },
      'unknown StorageClass parameter csi.storage.io/polcy',
    ],
    [
      { 'csi.storage.io/disk-type': 'ssd', 'csi.storage.io/recovery': 'always' },
      'write one of none, node-deleted, node-lost',
    ],
    [{ 'csi.storage.io/disk-type': 'ssd', 'csi.storage.io/wipe-policy': 'shred' }, 'write one of none, discard, zero'],
    [{ 'csi.storage.io/disk-type': 'ssd', 'csi.storage.io/rack-spread': 'yes' }, 'write one of preferred, required'],
    [{ 'csi.storage.io/disk-type': 'ssd', 'csi.storage.io/layout': 'raid5' }, 'write one of linear, striped, raid1'],
    [{ 'csi.storage.io/disk-type': 'ssd', 'csi.storage.io/stripes': '2' }, 'set csi.storage.io/layout to striped'],
  ])('refuses %j', (parameters, sentence) => {
    expect(() => parseClassParameters(parameters as Record<string, string>)).toThrow(sentence);
  });

  it.each(['1', '9', '2.5', '02', 'many', ''])('refuses "%s" stripes', (stripes) => {
    const layout = { 'csi.storage.io/layout': 'striped', 'csi.storage.io/stripes': stripes };
    const sentence = `csi.storage.io/stripes is "${stripes}"; write a number from 2 to 8`;
    expect(() => parseClassParameters({ 'csi.storage.io/disk-type': 'ssd', ...layout })).toThrow(sentence);
  });
});

describe('the smallest size', () => {
  it('trap 9: refuses an XFS volume below 300 MiB early', () => {
    expect(() => checkSize(299 * 1024 ** 2, 'xfs')).toThrow('the smallest xfs volume is 300 MiB');
    expect(() => checkSize(300 * 1024 ** 2, 'xfs')).not.toThrow();
  });

  it('has none for block volumes', () => {
    expect(() => checkSize(1, undefined)).not.toThrow();
  });
});
