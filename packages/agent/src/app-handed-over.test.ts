import type { NodeStorageSpec } from '@berth/contract/resources/node-storage';
import { EVENTS, LOGICAL_VOLUMES, NODE_STORAGES } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { useAgent } from './testing/agent-harness.ts';
import type { FakeGroup } from './testing/machine-state.ts';

const agent = useAgent();
const { create, object, plugIn, ready, restart, soon, storage, taken } = agent;

const MIB = 1024 ** 2;
const SETTING = ['--volume-groups', 'nvme=vg-fast'];

/** The node after an operator has made a group of its own of the third disk, and Berth's is gone. */
const handOver = async (group: Partial<FakeGroup> = {}) => {
  await taken();
  const { state } = agent.machine;
  await plugIn({ content: { kind: 'pv', uuid: 'PV-theirs', group: group.name ?? 'vg-fast', extents: 256 } });
  const parts = [{ pv: 'PV-theirs', extents: 64, suffix: '' }];
  const theirs = { name: 'root', extents: 64, layout: 'linear', parts, tags: [], active: true, minor: 77 };
  state.groups = [{ name: 'vg-fast', uuid: 'VG-theirs', tags: [], lvs: [theirs], ...group }];
  delete state.disks[0]?.content;
  state.commands = [];
  await restart(...SETTING);
};
const status = async () => (await storage())?.status;
const handedOver = async () => (await status())?.handedOver?.[0];
const disk = async (path: string) => (await status())?.disks?.find((each) => each.path === path);
const ask = (spec: NodeStorageSpec) => agent.client.mergePatch(NODE_STORAGES, { name: 'node-1' }, { spec });
const theirs = (): FakeGroup | undefined => agent.machine.state.groups.find(({ name }) => name === 'vg-fast');

describe('a group of the operator’s own', () => {
  it('is told with its room, its disk, and what others have in it', async () => {
    await handOver();
    await soon(handedOver).toEqual({ medium: 'nvme', name: 'vg-fast', uuid: 'VG-theirs' });
    expect((await status())?.groups).toMatchObject([
      { name: 'vg-fast', medium: 'nvme', size: '1Gi', foreign: '256Mi' },
    ]);
    expect((await status())?.allocatable).toEqual({ 'csi.storage.io/csi-vg-nvme': '768Mi' });
    expect(await disk('/dev/nvme2n1')).toMatchObject({ state: 'HandedOver', volumeGroup: 'vg-fast' });
  });

  it('is never extended, tagged, resized or wiped, and other disks of the medium are left alone', async () => {
    await handOver();
    Object.assign(agent.machine.state.disks.at(-1) ?? {}, { sizeBytes: 4096 * MIB });
    await restart(...SETTING);
    await soon(() => disk('/dev/nvme0n1')).toMatchObject({
      state: 'Refused',
      reason: 'not taken: the setting volumeGroups hands over vg-fast for nvme',
    });
    await ask({ wipe: ['Disk_S-/dev/nvme0n1', 'Disk_S-/dev/nvme2n1'] });
    const refusals = async () =>
      (await agent.client.list(EVENTS)).items.filter(({ reason }) => reason === 'WipeRefused');
    await soon(refusals).toHaveLength(2);
    const changes = agent.machine.state.commands.filter((line) => /^(wipefs|lvm (?!fullreport))/.test(line));
    expect(changes).toEqual([]);
    expect(theirs()?.tags).toEqual([]);
  });

  it('holds volumes that carry our tag, which grow and go as all others do', async () => {
    await handOver();
    await create('pvc-1', '9Mi');
    await ready('pvc-1');
    expect((await object('pvc-1'))?.status).toMatchObject({ size: '12Mi', volumeGroup: 'vg-fast' });
    expect(theirs()?.lvs.map(({ name, tags }) => [name, tags[0]])).toEqual([
      ['root', undefined],
      ['pvc-1', 'csi.storage.io'],
    ]);
    await soon(async () => (await status())?.groups?.[0]).toMatchObject({ foreign: '256Mi', free: '756Mi' });
  });

  it('that is not there is told, and no disk is taken in its place', async () => {
    await handOver({ name: 'vg-other' });
    await soon(handedOver).toMatchObject({ problem: 'the node has no volume group vg-fast' });
    expect((await status())?.conditions).toContainEqual(
      expect.objectContaining({
        type: 'GroupsUsable',
        status: 'False',
        message: 'the node has no volume group vg-fast',
      }),
    );
    expect((await disk('/dev/nvme2n1'))?.reason).toContain(
      'it belongs to the volume group vg-other, which is not ours',
    );
    expect(agent.machine.state.groups.map(({ name }) => name)).toEqual(['vg-other']);
  });

  it('takes no volumes once it is another group, until the operator says it is meant', async () => {
    await handOver();
    await soon(handedOver).toMatchObject({ uuid: 'VG-theirs' });
    Object.assign(theirs() ?? {}, { uuid: 'VG-another' });
    await restart(...SETTING);
    await soon(handedOver).toMatchObject({ problem: expect.stringContaining('it is another group') });
    expect((await status())?.allocatable).toEqual({});
    await create('pvc-1', '8Mi');
    await soon(async () => (await object('pvc-1'))?.status?.conditions?.[0]?.reason).toBe('FailedPrecondition');
    expect(theirs()?.lvs.map(({ name }) => name)).toEqual(['root']);
    await ask({ forget: ['VG-theirs'] });
    await soon(handedOver).toEqual({ medium: 'nvme', name: 'vg-fast', uuid: 'VG-another' });
    await ready('pvc-1');
  });

  it('that is taken back keeps the volumes in it usable, and gives them no more room', async () => {
    await handOver();
    await create('pvc-1', '8Mi');
    await ready('pvc-1');
    await restart();
    await soon(async () => (await status())?.handedOver).toBeUndefined();
    await agent.client.mergePatch(LOGICAL_VOLUMES, { name: 'pvc-1' }, { spec: { size: '20Mi' } });
    await soon(async () => (await object('pvc-1'))?.status?.conditions?.[0]).toMatchObject({
      status: 'True',
      reason: 'ResourceExhausted',
      message: expect.stringContaining('the volume group vg-fast (VG-theirs) is not ours'),
    });
    await agent.client.delete(LOGICAL_VOLUMES, { name: 'pvc-1' });
    await soon(() => object('pvc-1')).toBeUndefined();
    expect(theirs()?.lvs.map(({ name }) => name)).toEqual(['root']);
  });
});
