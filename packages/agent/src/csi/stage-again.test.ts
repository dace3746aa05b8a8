import { status as grpcStatus } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { capability, UID, useCsi, VOLUME } from '../testing/csi-harness.ts';

const csi = useCsi();
const { stage, unstage, volume } = csi;

describe('staging a volume that was in use before', () => {
  const checks = () => csi.machine.state.commands.filter((line) => line.startsWith('e2fsck'));
  const staged = (options: string[] = []) =>
    stage({ volumeCapability: { ...capability('ext4'), mount: { fsType: 'ext4', mountFlags: options } } });
  const used = (fields: object = {}) => {
    const content = { kind: 'filesystem', type: 'ext4', uuid: UID, ...fields };
    Object.assign(volume(), { tags: ['csi.storage.io'], content });
  };

  it('lets e2fsck repair what is safe, once and before the mount', async () => {
    used({ unclean: true });
    await staged();
    await staged();
    expect(checks()).toEqual([expect.stringMatching(/^e2fsck -p \/dev\/csi-vg-nvme\/pvc-/)]);
    expect(volume().content).not.toHaveProperty('unclean');
    expect(csi.machine.state.mounts).toHaveLength(1);
  });

  it('does not mount a file system whose damage needs a person, and says what to run', async () => {
    used({ damaged: true });
    await expect(staged()).rejects.toMatchObject({
      code: grpcStatus.FAILED_PRECONDITION,
      details: expect.stringContaining(`run e2fsck /dev/csi-vg-nvme/${VOLUME} on the node by hand`),
    });
    expect(csi.machine.state.mounts).toEqual([]);
  });

  it('does not go on after a check that was cut short', async () => {
    used();
    csi.machine.state.faults.push({ match: 'e2fsck -p', how: 'fail-before', exitCode: 32 });
    await expect(staged()).rejects.toMatchObject({ code: grpcStatus.INTERNAL });
    await staged();
    expect(checks()).toHaveLength(2);
  });

  it('checks nothing that is new, mounted somewhere, or to be mounted read-only', async () => {
    await staged();
    await unstage();
    await staged(['ro']);
    await unstage();
    const device = `253:${volume().minor}`;
    csi.machine.state.mounts.push({ device, source: '/dev/x', target: '/mnt', fsType: 'ext4', options: ['rw'] });
    csi.machine.sync();
    await staged();
    expect(checks()).toEqual([]);
  });

  it('leaves XFS to the kernel, and says what to run when that refuses', async () => {
    used({ type: 'xfs' });
    const stderr = 'mount: Structure needs cleaning.';
    csi.machine.state.faults.push({ match: 'mount -t', how: 'fail-before', exitCode: 32, stderr });
    await expect(stage()).rejects.toMatchObject({
      code: grpcStatus.INTERNAL,
      details: expect.stringMatching(
        /Structure needs cleaning.*run xfs_repair \/dev\/csi-vg-nvme\/pvc-\S+ on the node/,
      ),
    });
    await stage();
    expect(checks()).toEqual([]);
  });
});
