import { status as grpcStatus } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { BLOCK, capability, useCsi, VOLUME } from '../testing/csi-harness.ts';

const MIB = 1024 ** 2;
const csi = useCsi();
const { call, path, stage, publish, volume } = csi;

describe('growth', () => {
  const expand = (requiredBytes: number, fields: object = {}) =>
    call('node', 'NodeExpandVolume', {
      volumeId: VOLUME,
      volumePath: path('pods/1/mount'),
      capacityRange: { requiredBytes },
      ...fields,
    });
  const grown = () => csi.machine.state.commands.filter((line) => /^(xfs_growfs|resize2fs) /.test(line));

  it('grows the file system once the volume has grown, and waits for it before (trap 64)', async () => {
    await stage();
    await publish();
    await expect(expand(800 * MIB)).rejects.toMatchObject({ code: grpcStatus.UNAVAILABLE });
    volume().extents = 200;
    expect(await expand(800 * MIB)).toEqual({ capacityBytes: String(800 * MIB) });
    expect(await expand(800 * MIB)).toEqual({ capacityBytes: String(800 * MIB) });
    expect(grown()).toHaveLength(2);
  });

  it('grows where the file system can be written, although the pod has it read-only', async () => {
    await stage();
    await publish({ readonly: true });
    await expand(MIB);
    expect(grown()).toEqual([`xfs_growfs ${path('staging')}`]);
  });

  it('grows ext4 by its device', async () => {
    await stage({ volumeCapability: capability('ext4') });
    await publish({ volumeCapability: capability('ext4') });
    await expand(MIB);
    expect(grown()).toEqual([`resize2fs /dev/csi-vg-nvme/${VOLUME}`]);
  });

  it('has nothing to grow on a raw block volume, wherever it is (trap 64)', async () => {
    const capacityBytes = String(400 * MIB);
    expect(await expand(MIB, { volumeCapability: BLOCK })).toEqual({ capacityBytes });
    await publish({ volumeCapability: BLOCK });
    expect(await expand(MIB)).toEqual({ capacityBytes });
    expect(grown()).toEqual([]);
  });

  it('answers NotFound for a path where no volume is', async () => {
    await expect(expand(MIB)).rejects.toMatchObject({ code: grpcStatus.NOT_FOUND });
  });
});
