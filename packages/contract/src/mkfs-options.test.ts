import { describe, expect, it } from 'vitest';
import { parseMkfsOptions } from './mkfs-options.ts';

describe('options for mkfs', () => {
  it.each([
    ['xfs', '', []],
    ['xfs', ' -m reflink=0,bigtime=0\n -K\t', ['-m', 'reflink=0,bigtime=0', '-K']],
    ['xfs', '-isize=1024 -d su=64k,sw=2 -l size=64m', ['-isize=1024', '-d', 'su=64k,sw=2', '-l', 'size=64m']],
    ['ext4', '-i 65536 -O ^metadata_csum,bigalloc', ['-i', '65536', '-O', '^metadata_csum,bigalloc']],
    ['ext4', '-m 1 -E lazy_itable_init=0 -D', ['-m', '1', '-E', 'lazy_itable_init=0', '-D']],
    ['ext4', '-N 1000', ['-N', '1000']],
  ] as const)('for %s are taken from "%s"', (fsType, text, words) => {
    expect(parseMkfsOptions(fsType, text)).toEqual(words);
  });

  it.each([
    ['xfs', '-f', '"-f" is not possible for xfs; possible are -b -d -i -l -m -n -s -K'],
    ['xfs', '-Kf', '"-Kf" is not possible'],
    ['xfs', '-N', '"-N" is not possible'],
    ['xfs', '-q', '"-q" is not possible'],
    ['xfs', '-V', '"-V" is not possible'],
    ['xfs', '-L data', '"-L" is not possible'],
    ['xfs', '-c options=x', '"-c" is not possible'],
    ['xfs', '-p proto', '"-p" is not possible'],
    ['xfs', '-r rtdev=sdb', '"-r" is not possible'],
    ['xfs', '-', '"-" is not possible'],
    ['xfs', '--', '"--" is not possible'],
    ['xfs', '--help', '"--help" is not possible'],
    ['xfs', '-m uuid=0b0e7a34-52b5-4c0f-9a52-0d2f4e5b6c71', '"uuid" of -m is not for a class to say'],
    ['xfs', '-m crc=1,uuid=x', '"uuid" of -m'],
    ['xfs', '-l logdev=sdb', '"logdev" of -l'],
    ['xfs', '-dname=sdb', '"name" of -d'],
    ['xfs', '-d file', '"file" of -d'],
    ['xfs', '-d size=1g', '"size" of -d'],
    ['ext4', '-F', '"-F" is not possible for ext4'],
    ['ext4', '-n', '"-n" is not possible'],
    ['ext4', '-U random', '"-U" is not possible'],
    ['ext4', '-S', '"-S" is not possible'],
    ['ext4', '-t ext2', '"-t" is not possible'],
    ['ext4', '-J device=LABEL=x', '"device" of -J'],
    ['ext4', '-J size=64,Device=UUID=x', '"Device" of -J'],
    ['ext4', '-E offset=4096', '"offset" of -E'],
    ['ext4', '-O journal_dev', '"journal_dev" of -O'],
    ['xfs', 'sdb', '"sdb" belongs to no option'],
    ['xfs', '-K sdb', '"sdb" belongs to no option'],
    ['ext4', '-m 1 100000', '"100000" belongs to no option'],
    ['ext4', '-J device=/dev/sdb', '"device=/dev/sdb" has characters other than'],
    ['xfs', '-m crc=1;reboot', '"crc=1;reboot" has characters other than'],
    ['xfs', '-m', '"-m" needs a value'],
    ['ext4', '-E -F', '"-E" needs a value'],
    ['xfs', `-m ${'x'.repeat(510)}`, 'longer than 512 characters'],
  ] as const)('for %s are refused: "%s"', (fsType, text, sentence) => {
    expect(() => parseMkfsOptions(fsType, text)).toThrow(`csi.storage.io/mkfs-options: `);
    expect(() => parseMkfsOptions(fsType, text)).toThrow(sentence);
  });
});
