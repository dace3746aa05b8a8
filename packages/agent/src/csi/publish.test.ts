import { existsSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { status as grpcStatus } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { BLOCK, useCsi } from '../testing/csi-harness.ts';

const csi = useCsi();
const { path, stage, publish, unpublish, countMkfs } = csi;

describe('publishing', () => {
  it('binds the staged volume for two pods, and takes them away again (trap 65)', async () => {
    await stage();
    await publish();
    await publish();
    await publish({ targetPath: path('pods/2/mount') });
    expect(csi.machine.state.mounts.map((mount) => mount.target)).toEqual([
      path('staging'),
      path('pods/1/mount'),
      path('pods/2/mount'),
    ]);
    await unpublish();
    expect(existsSync(path('pods/1/mount'))).toBe(false);
    await unpublish();
    expect(csi.machine.state.mounts).toHaveLength(2);
  });

  it('refuses when nothing is staged, so that no pod writes to the disk of the node (trap 61)', async () => {
    await expect(publish()).rejects.toMatchObject({ code: grpcStatus.FAILED_PRECONDITION });
    expect(csi.machine.state.mounts).toEqual([]);
  });

  it('finishes a read-only bind that was cut short', async () => {
    await stage();
    csi.machine.state.faults.push({ match: 'remount,bind,ro', how: 'fail-before' });
    await expect(publish({ readonly: true })).rejects.toMatchObject({ code: grpcStatus.INTERNAL });
    await publish({ readonly: true });
    expect(csi.machine.state.mounts[1]?.options).toContain('ro');
  });

  it('publishes a raw block volume as a file and removes the file (trap 63)', async () => {
    await stage({ volumeCapability: BLOCK });
    await publish({ volumeCapability: BLOCK });
    expect(countMkfs()).toBe(0);
    expect(statSync(path('pods/1/mount')).isFile()).toBe(true);
    await unpublish();
    expect(existsSync(path('pods/1/mount'))).toBe(false);
  });

  it('never calls it success when the path is busy (trap 59)', async () => {
    await stage();
    await publish();
    csi.machine.state.faults.push({
      match: 'umount',
      how: 'fail-before',
      exitCode: 32,
      stderr: 'umount: target is busy.',
    });
    await expect(unpublish()).rejects.toMatchObject({ code: grpcStatus.FAILED_PRECONDITION });
    expect(existsSync(path('pods/1/mount'))).toBe(true);
  });

  it('unmounts what was mounted twice at one path (trap 60)', async () => {
    await stage();
    await publish();
    csi.machine.state.mounts.push({ ...(csi.machine.state.mounts[1] as (typeof csi.machine.state.mounts)[0]) });
    csi.machine.sync();
    await unpublish();
    expect(csi.machine.state.mounts).toHaveLength(1);
  });

  it('removes no directory that has something in it', async () => {
    await mkdir(path('pods/1/mount'), { recursive: true });
    writeFileSync(path('pods/1/mount/data'), 'precious');
    await expect(unpublish()).rejects.toThrow('ENOTEMPTY');
    expect(existsSync(path('pods/1/mount/data'))).toBe(true);
  });
});
