import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findMountAt, findMountsOfDevice, parseMountInfo, readAllMounts } from './mount-table.ts';

const TEXT = `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
40 35 253:1 / /var/lib/with\\040blank ro shared:7 master:2 - xfs /dev/mapper/csi--vg--nvme-pvc--1 rw
41 35 253:2 / /mnt2 rw - xfs /dev/mapper/other rw
`;

it('reads mountinfo with any number of optional fields and with escaped blanks (trap 62)', () => {
  expect(parseMountInfo(TEXT)[1]).toEqual({
    mountPoint: '/var/lib/with blank',
    device: '253:1',
    root: '/',
    fsType: 'xfs',
    source: '/dev/mapper/csi--vg--nvme-pvc--1',
    options: ['ro'],
    superOptions: ['rw'],
  });
});

it('sees the upper of two mounts at one path', () => {
  expect(findMountAt(parseMountInfo(TEXT), '/mnt2')?.device).toBe('253:2');
  expect(findMountAt(parseMountInfo(TEXT), '/mnt')).toBeUndefined();
  expect(findMountsOfDevice(parseMountInfo(TEXT), '253:1')).toHaveLength(1);
});

it('reads each mount namespace once, and every process whose namespace is not told', async () => {
  const procDir = mkdtempSync(join(tmpdir(), 'proc-'));
  const addProcess = (pid: string, namespace: string | undefined, mountPoint: string) => {
    mkdirSync(join(procDir, pid, 'ns'), { recursive: true });
    if (namespace !== undefined) symlinkSync(namespace, join(procDir, pid, 'ns/mnt'));
    writeFileSync(join(procDir, pid, 'mountinfo'), `1 1 253:1 / ${mountPoint} rw - xfs /dev/x rw\n`);
  };
  try {
    addProcess('1', 'mnt:[1]', '/host');
    addProcess('2', 'mnt:[1]', '/the-same-namespace');
    addProcess('3', 'mnt:[2]', '/container');
    addProcess('4', undefined, '/secretive');
    mkdirSync(join(procDir, 'sys'));
    const mounts = await readAllMounts(procDir);
    expect(mounts.map(({ mountPoint }) => mountPoint)).toEqual(['/host', '/container', '/secretive']);
  } finally {
    rmSync(procDir, { recursive: true });
  }
});
