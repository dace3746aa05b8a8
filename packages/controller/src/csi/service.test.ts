import { LOGICAL_VOLUMES } from '@berth/kube/resources';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { aLogicalVolume, READY } from '../testing/builders.ts';
import { BLOCK, GIB, MIB, MOUNT, on, startCsiHarness } from '../testing/csi-harness.ts';

interface Page {
  readonly entries: readonly { readonly volume: { readonly volumeId: string } }[];
  readonly nextToken: string;
}

describe('DeleteVolume', () => {
  it('waits until the agent has removed the volume, and may be repeated', async () => {
    const csi = await startCsiHarness();
    const { volumeId } = (await csi.create()).volume;
    expect(await csi.call('DeleteVolume', { volumeId })).toEqual({});
    expect(await csi.volumes()).toEqual([]);
    expect(await csi.call('DeleteVolume', { volumeId })).toEqual({});
    expect((await csi.create()).volume.volumeId).toBe(volumeId);
  });

  it('says after a while that the agent has not removed it yet', async () => {
    const csi = await startCsiHarness();
    const { volumeId } = (await csi.create()).volume;
    csi.agents.work = false;
    const deletion = csi.call('DeleteVolume', { volumeId });
    deletion.catch(() => {});
    await expect.poll(async () => (await csi.volumes())[0]?.metadata.deletionTimestamp).toBeDefined();
    await csi.clock.advance(31_000);
    await expect(deletion).rejects.toMatchObject({
      code: status.ABORTED,
      details: expect.stringContaining('agent of node b'),
    });
  });

  it.each(['../../etc', '--config', 'x'.repeat(200), 'pvc-unknown'])('has nothing to do for %s', async (volumeId) => {
    const csi = await startCsiHarness();
    expect(await csi.call('DeleteVolume', { volumeId })).toEqual({});
  });

  it('refuses no id, and a volume that the controller made for a claim', async () => {
    const csi = await startCsiHarness();
    await expect(csi.call('DeleteVolume', {})).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    const volume = aLogicalVolume({ status: READY });
    await csi.api.create(LOGICAL_VOLUMES, volume);
    const deletion = csi.call('DeleteVolume', { volumeId: volume.metadata.name });
    await expect(deletion).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
    expect(await csi.volumes()).toHaveLength(1);
  });
});

describe('ControllerExpandVolume', () => {
  const expand = (csi: Awaited<ReturnType<typeof startCsiHarness>>, volumeId: string, capacityRange: object | null) =>
    csi.call('ControllerExpandVolume', { volumeId, capacityRange });

  it('grows the volume on disk, and leaves the file system to kubelet', async () => {
    const csi = await startCsiHarness();
    const { volumeId } = (await csi.create()).volume;
    const grown = { capacityBytes: String(2 * GIB), nodeExpansionRequired: true };
    expect(await expand(csi, volumeId, { requiredBytes: 2 * GIB })).toEqual(grown);
    expect(await expand(csi, volumeId, { requiredBytes: 2 * GIB })).toEqual(grown);
    expect(await expand(csi, volumeId, { requiredBytes: GIB })).toEqual(grown);
  });

  it('has no file system to grow on a block volume', async () => {
    const csi = await startCsiHarness();
    const { volumeId } = (await csi.create({ volumeCapabilities: [BLOCK] })).volume;
    expect(await expand(csi, volumeId, { requiredBytes: 2 * GIB })).toMatchObject({ nodeExpansionRequired: false });
  });

  it('refuses with numbers what the node does not have, and leaves the volume as it was', async () => {
    const csi = await startCsiHarness();
    const { volumeId } = (await csi.create()).volume;
    await expect(expand(csi, volumeId, { requiredBytes: 200 * GIB })).rejects.toMatchObject({
      code: status.OUT_OF_RANGE,
      details: expect.stringMatching(/node b has no room on its nvme disks: 199 GiB more are needed/),
    });
    expect((await csi.volumes())[0]?.spec.size).toBe('1Gi');
  });

  it('takes the request back when the disk itself has no room', async () => {
    const csi = await startCsiHarness();
    const { volumeId } = (await csi.create()).volume;
    csi.agents.room = false;
    await expect(expand(csi, volumeId, { requiredBytes: 2 * GIB })).rejects.toMatchObject({
      code: status.OUT_OF_RANGE,
      details: 'csi-vg-nvme is full',
    });
    expect((await csi.volumes())[0]?.spec.size).toBe('1Gi');
  });

  it.each([
    ['no id', '', { requiredBytes: GIB }, 'INVALID_ARGUMENT'],
    ['no size', 'pvc-1', null, 'INVALID_ARGUMENT'],
    ['an unknown volume', 'pvc-1', { requiredBytes: GIB }, 'NOT_FOUND'],
    ['an id that is a path', '../x', { requiredBytes: GIB }, 'NOT_FOUND'],
  ] as const)('refuses %s', async (_, volumeId, range, code) => {
    const csi = await startCsiHarness();
    await expect(expand(csi, volumeId, range)).rejects.toMatchObject({ code: status[code] });
  });

  it('refuses a limit below what the volume has', async () => {
    const csi = await startCsiHarness();
    const { volumeId } = (await csi.create()).volume;
    const growth = expand(csi, volumeId, { limitBytes: 500 * MIB });
    await expect(growth).rejects.toMatchObject({ code: status.OUT_OF_RANGE });
  });

  it('refuses a volume that the controller made for a claim', async () => {
    const csi = await startCsiHarness();
    const volume = aLogicalVolume({ status: READY });
    await csi.api.create(LOGICAL_VOLUMES, volume);
    const growth = expand(csi, volume.metadata.name, { requiredBytes: 20 * GIB });
    await expect(growth).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
  });
});

describe('ListVolumes', () => {
  it('tells all volumes page by page, whatever comes and goes between the pages', async () => {
    const csi = await startCsiHarness();
    const ids = [];
    for (const name of ['one', 'two', 'three', 'four']) ids.push((await csi.create({ name })).volume.volumeId);
    ids.sort();
    const first = await csi.call<Page>('ListVolumes', { maxEntries: 2 });
    expect(first.entries.map(({ volume }) => volume.volumeId)).toEqual(ids.slice(0, 2));
    await csi.call('DeleteVolume', { volumeId: ids[1] });
    const second = await csi.call<Page>('ListVolumes', { maxEntries: 2, startingToken: first.nextToken });
    expect(second.entries.map(({ volume }) => volume.volumeId)).toEqual(ids.slice(2));
    expect(second.nextToken).toBe('');
    expect((await csi.call<Page>('ListVolumes')).entries).toHaveLength(3);
  });

  it('refuses tokens that it has not given, and negative lengths', async () => {
    const csi = await startCsiHarness();
    const list = (request: object) => csi.call('ListVolumes', request);
    await expect(list({ startingToken: 'invalid-token' })).rejects.toMatchObject({ code: status.ABORTED });
    await expect(list({ startingToken: 'after:../x' })).rejects.toMatchObject({ code: status.ABORTED });
    await expect(list({ maxEntries: -1 })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });
});

describe('GetCapacity', () => {
  it('tells the sum over the nodes and the largest volume, for all or for one node', async () => {
    const csi = await startCsiHarness();
    const parameters = { 'csi.storage.io/disk-type': 'nvme' };
    expect(await csi.call('GetCapacity', { parameters, volumeCapabilities: [MOUNT] })).toEqual({
      availableCapacity: String(100 * GIB),
      maximumVolumeSize: { value: String(80 * GIB) },
      minimumVolumeSize: { value: String(300 * MIB) },
    });
    expect(await csi.call('GetCapacity', { parameters, accessibleTopology: on('a') })).toMatchObject({
      availableCapacity: String(20 * GIB),
    });
    const hdd = { 'csi.storage.io/disk-type': 'hdd' };
    expect(await csi.call('GetCapacity', { parameters: hdd })).toMatchObject({ availableCapacity: '0' });
    expect(await csi.call('GetCapacity')).toMatchObject({ availableCapacity: String(100 * GIB) });
  });
});

describe('ValidateVolumeCapabilities', () => {
  it('confirms what the volume can be, and says why it can not be the rest', async () => {
    const csi = await startCsiHarness();
    const { volumeId } = (await csi.create()).volume;
    const validate = (fields: object) => csi.call('ValidateVolumeCapabilities', { volumeId, ...fields });
    const metadata = { 'csi.storage.io/disk-type': 'nvme', 'csi.storage.k8s.io/pvc/name': 'data' };
    for (const given of [{}, metadata]) {
      expect(await validate({ volumeCapabilities: [MOUNT], parameters: given })).toMatchObject({
        confirmed: { volumeCapabilities: [MOUNT] },
      });
    }
    const shared = { ...MOUNT, accessMode: { mode: 'MULTI_NODE_MULTI_WRITER' } };
    for (const [capability, why] of [
      [BLOCK, /with xfs, not a block volume/],
      [shared, /MULTI_NODE_MULTI_WRITER is not possible/],
    ] as const) {
      const answer = await validate({ volumeCapabilities: [capability] });
      expect(answer).toMatchObject({ confirmed: null, message: expect.stringMatching(why) });
    }
    const parameters = { 'csi.storage.io/disk-type': 'hdd' };
    expect(await validate({ volumeCapabilities: [MOUNT], parameters })).toMatchObject({ confirmed: null });
    const mirrored = { 'csi.storage.io/disk-type': 'nvme', 'csi.storage.io/layout': 'raid1' };
    expect(await validate({ volumeCapabilities: [MOUNT], parameters: mirrored })).toMatchObject({
      ...{ confirmed: null, message: expect.stringContaining('is linear, not raid1') },
    });
    const formatted = { 'csi.storage.io/disk-type': 'nvme', 'csi.storage.io/mkfs-options': '-K' };
    expect(await validate({ volumeCapabilities: [MOUNT], parameters: formatted })).toMatchObject({
      ...{ confirmed: null, message: expect.stringContaining('with xfs, not a volume with xfs made with -K') },
    });
  });

  it.each([
    ['no id', { volumeId: '', volumeCapabilities: [MOUNT] }, 'INVALID_ARGUMENT'],
    ['no capability', { volumeId: 'pvc-1', volumeCapabilities: [] }, 'INVALID_ARGUMENT'],
    ['an unknown volume', { volumeId: 'pvc-1', volumeCapabilities: [MOUNT] }, 'NOT_FOUND'],
  ] as const)('refuses %s', async (_, request, code) => {
    const csi = await startCsiHarness();
    await expect(csi.call('ValidateVolumeCapabilities', request)).rejects.toMatchObject({ code: status[code] });
  });
});

it('the socket says what it serves, and no more', async () => {
  const csi = await startCsiHarness();
  expect(await csi.call('GetPluginInfo')).toMatchObject({ name: 'csi.storage.io' });
  expect(await csi.call('GetPluginCapabilities')).toMatchObject({
    capabilities: [
      { service: { type: 'CONTROLLER_SERVICE' } },
      { service: { type: 'VOLUME_ACCESSIBILITY_CONSTRAINTS' } },
      { volumeExpansion: { type: 'ONLINE' } },
    ],
  });
  expect(await csi.call('ControllerGetCapabilities')).toEqual({
    capabilities: ['CREATE_DELETE_VOLUME', 'LIST_VOLUMES', 'GET_CAPACITY', 'EXPAND_VOLUME'].map((type) => ({
      rpc: { type },
      type: 'rpc',
    })),
  });
});
