import { LOGICAL_VOLUMES, NODES } from '@berth/kube/resources';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { aLogicalVolume, READY } from '../testing/builders.ts';
import { BLOCK, GIB, MIB, MOUNT, on, startCsiHarness } from '../testing/csi-harness.ts';

const CLAIM_VOLUME = 'pvc-11111111-2222-3333-4444-555555555555';

describe('CreateVolume', () => {
  it('makes a volume that only calls end, and says where it is', async () => {
    const csi = await startCsiHarness();
    const { volume } = await csi.create({ capacityRange: { requiredBytes: GIB + 1 } });
    expect(volume).toMatchObject({ capacityBytes: String(GIB + 4 * MIB), accessibleTopology: [on('b')] });
    const [made] = await csi.volumes();
    expect(made?.metadata.name).toBe(volume.volumeId);
    expect(made?.spec).toMatchObject({ managedBy: 'csi', nodeName: 'b', medium: 'nvme', fsType: 'xfs' });
  });

  it('finds by its name what an earlier call made (trap 83)', async () => {
    const csi = await startCsiHarness();
    const first = await csi.create();
    expect(await csi.create()).toEqual(first);
    expect(await csi.volumes()).toHaveLength(1);
  });

  it('takes up what a call began that was cut short', async () => {
    const csi = await startCsiHarness();
    csi.agents.work = false;
    const late = csi.create();
    late.catch(() => {});
    await expect.poll(csi.volumes).toHaveLength(1);
    await csi.clock.advance(121_000);
    await expect(late).rejects.toMatchObject({ code: status.ABORTED });
    csi.agents.work = true;
    const again = csi.create();
    await csi.touch();
    expect((await again).volume.volumeId).toBe((await csi.volumes())[0]?.metadata.name);
  });

  it('keeps the name that external-provisioner gives, and what it says of the claim', async () => {
    const csi = await startCsiHarness();
    const parameters = {
      'csi.storage.io/disk-type': 'nvme',
      'csi.storage.k8s.io/pvc/name': 'data-es-0',
      'csi.storage.k8s.io/pvc/namespace': 'shop',
      'csi.storage.k8s.io/pv/name': CLAIM_VOLUME,
    };
    const { volume } = await csi.create({ name: CLAIM_VOLUME, parameters });
    expect(volume.volumeId).toBe(CLAIM_VOLUME);
    const [made] = await csi.volumes();
    expect(made?.spec.claim).toEqual({ namespace: 'shop', name: 'data-es-0', uid: CLAIM_VOLUME.slice(4) });
  });

  it('makes block volumes, and of a usual size where none is asked for', async () => {
    const csi = await startCsiHarness();
    const { volume } = await csi.create({ volumeCapabilities: [BLOCK], capacityRange: null });
    expect(volume.capacityBytes).toBe(String(GIB));
    expect((await csi.volumes())[0]?.spec).toMatchObject({ volumeMode: 'Block' });
    const small = await csi.create({ name: 'small', capacityRange: { limitBytes: 400 * MIB } });
    expect(small.volume.capacityBytes).toBe(String(400 * MIB));
  });

  it.each([
    ['a preferred node before a better one', { requisite: [on('a'), on('b')], preferred: [on('a'), on('b')] }, 'a'],
    ['the next preferred node when the first is full', { requisite: [], preferred: [on('full'), on('a')] }, 'a'],
    ['only a node that is allowed', { requisite: [on('a')], preferred: [] }, 'a'],
    ['any node when the preferred one is not there', { requisite: [], preferred: [on('gone')] }, 'b'],
  ])('takes %s', async (_, accessibilityRequirements, expected) => {
    const csi = await startCsiHarness({ nodes: { a: '20Gi', b: '80Gi', full: '0' } });
    const { volume } = await csi.create({ accessibilityRequirements });
    expect(volume.accessibleTopology).toEqual([on(expected)]);
  });

  it('makes a volume with the layout of the class, where its disks have room, and no other by the same name', async () => {
    const csi = await startCsiHarness({ nodes: { b: '80Gi' }, diskFree: ['50Gi', '30Gi'] });
    const parameters = { 'csi.storage.io/disk-type': 'nvme', 'csi.storage.io/layout': 'raid1' };
    await csi.create({ parameters });
    expect((await csi.volumes())[0]?.spec).toMatchObject({ layout: 'raid1' });
    await expect(csi.create()).rejects.toMatchObject({
      code: status.ALREADY_EXISTS,
      details: expect.stringContaining('is raid1, not linear'),
    });
    const large = csi.create({ name: 'large', parameters, capacityRange: { requiredBytes: 35 * GIB } });
    await expect(large).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining('raid1 needs 2 disks with 35.0 GiB free each; of 2 disks 1 has that'),
    });
  });

  it('hands on the options for mkfs of the class, checked for the file system of the call, and makes no other by the same name', async () => {
    const csi = await startCsiHarness();
    const parameters = { 'csi.storage.io/disk-type': 'nvme', 'csi.storage.io/mkfs-options': ' -i  65536 ' };
    const volumeCapabilities = [{ ...MOUNT, mount: { fsType: 'ext4' } }];
    const { volume } = await csi.create({ parameters, volumeCapabilities });
    expect(volume.volumeContext).toEqual({
      'csi.storage.io/medium': 'nvme',
      'csi.storage.io/mkfs-options': '-i 65536',
    });
    expect((await csi.volumes())[0]?.spec).toMatchObject({ fsType: 'ext4', mkfsOptions: '-i 65536' });
    await expect(csi.create({ volumeCapabilities })).rejects.toMatchObject({
      code: status.ALREADY_EXISTS,
      details: expect.stringContaining('is a volume with ext4 made with -i 65536, not a volume with ext4'),
    });
  });

  it('says with numbers that no node has the room', async () => {
    const csi = await startCsiHarness();
    const refused = csi.create({ capacityRange: { requiredBytes: 90 * GIB } });
    await expect(refused).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringMatching(/No node has room for .*: a: nvme: needs 90 GiB, 20 GiB free of 100 GiB/),
    });
    const elsewhere = csi.create({ accessibilityRequirements: { requisite: [on('gone')] } });
    await expect(elsewhere).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect(await csi.volumes()).toEqual([]);
  });

  it('leaves nothing behind when the disk itself has no room', async () => {
    const csi = await startCsiHarness();
    csi.agents.room = false;
    await expect(csi.create()).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining('csi-vg-nvme is full'),
    });
    await expect.poll(csi.volumes).toEqual([]);
  });

  it('gives up a node that went before the volume was made', async () => {
    const csi = await startCsiHarness();
    csi.agents.work = false;
    const creation = csi.create();
    creation.catch(() => {});
    await expect.poll(csi.volumes).toHaveLength(1);
    await csi.api.delete(NODES, { name: 'b' });
    await csi.touch();
    await expect(creation).rejects.toMatchObject({ code: status.UNAVAILABLE });
    expect((await csi.volumes())[0]?.metadata.deletionTimestamp).toBeDefined();
    await expect(csi.create()).rejects.toMatchObject({ code: status.ABORTED });
  });

  it.each([
    ['larger', { capacityRange: { requiredBytes: 2 * GIB } }],
    ['smaller', { capacityRange: { limitBytes: 500 * MIB } }],
    ['a block volume', { volumeCapabilities: [BLOCK] }],
    ['another file system', { volumeCapabilities: [{ ...MOUNT, mount: { fsType: 'ext4' } }] }],
    ['on other disks', { parameters: { 'csi.storage.io/disk-type': 'hdd' } }],
    ['on another node', { accessibilityRequirements: { requisite: [on('a')] } }],
  ])('refuses a name whose volume is not %s', async (_, changes) => {
    const csi = await startCsiHarness();
    await csi.create();
    await expect(csi.create(changes)).rejects.toMatchObject({ code: status.ALREADY_EXISTS });
    expect(await csi.volumes()).toHaveLength(1);
  });

  it('leaves alone what the controller made for a claim', async () => {
    const csi = await startCsiHarness();
    await csi.api.create(LOGICAL_VOLUMES, aLogicalVolume({ status: READY }));
    await expect(csi.create({ name: CLAIM_VOLUME })).rejects.toMatchObject({ code: status.ALREADY_EXISTS });
  });

  it('sends a second call for the same name away while the first is under way', async () => {
    const csi = await startCsiHarness();
    csi.agents.work = false;
    const first = csi.create();
    await expect.poll(csi.volumes).toHaveLength(1);
    await expect(csi.create()).rejects.toMatchObject({ code: status.ABORTED });
    csi.agents.work = true;
    await csi.touch();
    expect((await first).volume.capacityBytes).toBe(String(GIB));
  });

  it.each([
    ['no name', { name: '' }, 'INVALID_ARGUMENT'],
    ['a name that is a path', { name: '../etc' }, 'INVALID_ARGUMENT'],
    ['a name that is the directory above', { name: '..' }, 'INVALID_ARGUMENT'],
    ['a name with control characters', { name: 'a\u0007b' }, 'INVALID_ARGUMENT'],
    ['a name of more than 128 bytes', { name: 'é'.repeat(65) }, 'INVALID_ARGUMENT'],
    ['no capability', { volumeCapabilities: [] }, 'INVALID_ARGUMENT'],
    ['a capability without a kind', { volumeCapabilities: [{ accessMode: MOUNT.accessMode }] }, 'INVALID_ARGUMENT'],
    ['a capability without an access mode', { volumeCapabilities: [{ block: {} }] }, 'INVALID_ARGUMENT'],
    ['block and mount at once', { volumeCapabilities: [BLOCK, MOUNT] }, 'INVALID_ARGUMENT'],
    [
      'several nodes',
      { volumeCapabilities: [{ ...MOUNT, accessMode: { mode: 'MULTI_NODE_MULTI_WRITER' } }] },
      'INVALID_ARGUMENT',
    ],
    ['no medium', { parameters: {} }, 'INVALID_ARGUMENT'],
    ['an unknown parameter', { parameters: { 'csi.storage.io/disk-type': 'nvme', x: 'y' } }, 'INVALID_ARGUMENT'],
    [
      'options that mkfs must not be given',
      { parameters: { 'csi.storage.io/disk-type': 'nvme', 'csi.storage.io/mkfs-options': '-f' } },
      'INVALID_ARGUMENT',
    ],
    ['mutable parameters', { mutableParameters: { x: 'y' } }, 'INVALID_ARGUMENT'],
    ['a snapshot to fill it from', { volumeContentSource: { snapshot: { snapshotId: 's' } } }, 'INVALID_ARGUMENT'],
    [
      'foreign topology',
      { accessibilityRequirements: { requisite: [{ segments: { zone: 'z' } }] } },
      'INVALID_ARGUMENT',
    ],
    ['empty topology', { accessibilityRequirements: {} }, 'INVALID_ARGUMENT'],
    ['less at most than at least', { capacityRange: { requiredBytes: 2 * GIB, limitBytes: GIB } }, 'INVALID_ARGUMENT'],
    ['a negative size', { capacityRange: { requiredBytes: -1 } }, 'INVALID_ARGUMENT'],
    ['too little for the file system', { capacityRange: { requiredBytes: MIB } }, 'OUT_OF_RANGE'],
    ['more than can be counted', { capacityRange: { requiredBytes: '9223372036854775807' } }, 'OUT_OF_RANGE'],
    ['a limit between two extents', { capacityRange: { requiredBytes: GIB + 1, limitBytes: GIB + 2 } }, 'OUT_OF_RANGE'],
  ] as const)('refuses %s', async (_, changes, code) => {
    const csi = await startCsiHarness();
    await expect(csi.create(changes)).rejects.toMatchObject({ code: status[code] });
    expect(await csi.volumes()).toEqual([]);
  });

  it('never logs secrets', async () => {
    const csi = await startCsiHarness();
    const { volume } = await csi.create({ secrets: { password: 'hunter2' } });
    await csi.call('DeleteVolume', { volumeId: volume.volumeId, secrets: { password: 'hunter2' } });
    expect(csi.logged.length).toBeGreaterThan(0);
    expect(JSON.stringify(csi.logged)).not.toContain('hunter2');
  });
});
