import { systemClock } from '@berth/runtime/clock';
import { status as grpcStatus } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { NEW_TAG } from '../lvm/tags.ts';
import { capability, UID, useCsi, VOLUME } from '../testing/csi-harness.ts';
import type { FakeLv } from '../testing/machine-state.ts';

const csi = useCsi();
const { stage, unstage, volume, countMkfs } = csi;

describe('staging', () => {
  it('formats a new volume once with the UUID of its claim, and mounts it with nouuid (trap 7)', async () => {
    await stage();
    await stage();
    await unstage();
    await stage();
    expect(countMkfs()).toBe(1);
    expect(volume().tags).not.toContain(NEW_TAG);
    expect(volume().content).toMatchObject({ type: 'xfs', uuid: UID });
    expect(csi.machine.state.mounts).toHaveLength(1);
    expect(csi.machine.state.mounts[0]?.options).toEqual(expect.arrayContaining(['nouuid', 'noatime']));
  });

  it.each([
    [
      'the volume reads as blank but had a file system',
      (lv: FakeLv) => ({ ...lv, tags: ['csi.storage.io'] }),
      'FAILED_PRECONDITION',
    ],
    ['the device can not be read (traps 1, 2)', (lv: FakeLv) => ({ ...lv, unreadable: true }), 'UNAVAILABLE'],
    [
      'another file system is on it (trap 11)',
      (lv: FakeLv) => ({
        ...lv,
        tags: ['csi.storage.io'],
        content: { kind: 'filesystem', type: 'ext4', uuid: 'x' } as const,
      }),
      'FAILED_PRECONDITION',
    ],
    [
      'it is marked new and carries a foreign file system',
      (lv: FakeLv) => ({ ...lv, content: { kind: 'filesystem', type: 'xfs', uuid: 'not-ours' } as const }),
      'FAILED_PRECONDITION',
    ],
    [
      'it carries what is no file system (trap 10)',
      (lv: FakeLv) => ({ ...lv, content: { kind: 'pv', uuid: 'x', group: '' } as const }),
      'FAILED_PRECONDITION',
    ],
  ] as const)('never formats when %s', async (_, change, code) => {
    Object.assign(volume(), change(volume()));
    await expect(stage()).rejects.toMatchObject({ code: grpcStatus[code] });
    expect(countMkfs()).toBe(0);
    expect(csi.machine.state.mounts).toEqual([]);
  });

  it('takes a finished mkfs whose mark was left for its own, without formatting again', async () => {
    volume().content = { kind: 'filesystem', type: 'xfs', uuid: UID };
    await stage();
    expect(countMkfs()).toBe(0);
    expect(volume().tags).not.toContain(NEW_TAG);
  });

  it('makes its own interrupted mkfs again', async () => {
    volume().content = { kind: 'filesystem', type: 'xfs', uuid: UID, inProgress: true };
    await stage();
    expect(countMkfs()).toBe(1);
    expect(csi.machine.state.commands.find((line) => line.startsWith('mkfs'))).toContain(' -f ');
  });

  it('does not format a finished file system that is damaged, although it is marked new', async () => {
    volume().content = { kind: 'filesystem', type: 'xfs', uuid: UID, damaged: true };
    await expect(stage()).rejects.toMatchObject({ code: grpcStatus.FAILED_PRECONDITION });
    expect(countMkfs()).toBe(0);
  });

  it.each(['mkfs.xfs', 'lvm lvchange', 'mount -t'])('finishes after a failure of %s', async (match) => {
    csi.machine.state.faults.push({ match, how: 'fail-after' });
    await expect(stage()).rejects.toMatchObject({ code: grpcStatus.INTERNAL });
    await stage();
    expect(countMkfs()).toBe(1);
    expect(csi.machine.state.mounts).toHaveLength(1);
  });

  it('gives mkfs the options of the persistent volume, and none to a volume that has its file system', async () => {
    const volumeContext = { 'csi.storage.io/mkfs-options': '-m reflink=0 -K' };
    await stage({ volumeContext });
    const [mkfs] = csi.machine.state.commands.filter((line) => line.startsWith('mkfs'));
    expect(mkfs).toContain(`mkfs.xfs -q -m reflink=0 -K -m uuid=${UID} /dev/`);
    await unstage();
    await stage({ volumeContext: { 'csi.storage.io/mkfs-options': '-f' } });
    expect(countMkfs()).toBe(1);
  });

  it.each([['-f'], ['-m uuid=x'], ['/dev/sda']])('refuses the mkfs options "%s" of a new volume', async (options) => {
    const refused = stage({ volumeContext: { 'csi.storage.io/mkfs-options': options } });
    await expect(refused).rejects.toMatchObject({ code: grpcStatus.INVALID_ARGUMENT });
    expect(volume().content).toBeUndefined();
    expect(volume().tags).toContain(NEW_TAG);
  });

  it('brings the device of an inactive volume up (trap 30)', async () => {
    volume().active = false;
    await stage();
    expect(csi.machine.state.mounts).toHaveLength(1);
  });

  it('answers Aborted while the same volume is being worked on', async () => {
    csi.machine.state.faults.push({ match: 'mkfs.xfs', how: 'hang' });
    const first = stage().catch((error: { code: number }) => error.code);
    await systemClock.sleep(50, AbortSignal.timeout(5_000));
    await expect(stage()).rejects.toMatchObject({ code: grpcStatus.ABORTED });
    expect(await first).toBe(grpcStatus.DEADLINE_EXCEEDED);
    await stage();
  });

  it('mounts a volume that it knows while LVM is stuck, and formats none on old knowledge', async () => {
    const hang = () => csi.machine.state.faults.push({ match: 'fullreport', how: 'hang' });
    await stage();
    await unstage();
    await stage();
    await unstage();
    hang();
    await stage();
    expect(csi.machine.state.mounts).toHaveLength(1);
    await expect(stage({ volumeId: 'pvc-other' })).rejects.toMatchObject({ code: grpcStatus.UNAVAILABLE });
    expect(countMkfs()).toBe(1);
  });

  it('waits for our own work on the volume instead of sending kubelet away', async () => {
    const gate = Promise.withResolvers<void>();
    const ours = csi.locks.run(VOLUME, () => gate.promise);
    const staged = stage();
    await systemClock.sleep(50, AbortSignal.timeout(5_000));
    expect(csi.machine.state.mounts).toHaveLength(0);
    gate.resolve();
    await Promise.all([ours, staged]);
    expect(csi.machine.state.mounts).toHaveLength(1);
  });

  it.each([
    ['no volume id', { volumeId: '' }, 'INVALID_ARGUMENT'],
    ['no path', { stagingTargetPath: '' }, 'INVALID_ARGUMENT'],
    ['a relative path', { stagingTargetPath: 'x' }, 'INVALID_ARGUMENT'],
    ['no capability', { volumeCapability: null }, 'INVALID_ARGUMENT'],
    ['a file system we do not make', { volumeCapability: capability('btrfs') }, 'INVALID_ARGUMENT'],
    [
      'several nodes',
      { volumeCapability: { ...capability(), accessMode: { mode: 'MULTI_NODE_MULTI_WRITER' } } },
      'INVALID_ARGUMENT',
    ],
    ['an unknown volume', { volumeId: 'pvc-other' }, 'NOT_FOUND'],
    ['a volume id that is an option', { volumeId: '--config' }, 'NOT_FOUND'],
  ] as const)('refuses %s', async (_, fields, code) => {
    await expect(stage(fields)).rejects.toMatchObject({ code: grpcStatus[code] });
  });

  it('never logs secrets', async () => {
    await stage({ secrets: { password: 'hunter2' }, volumeContext: { token: 'hunter2' } });
    expect(csi.logged.length).toBeGreaterThan(0);
    expect(JSON.stringify(csi.logged)).not.toContain('hunter2');
  });
});
