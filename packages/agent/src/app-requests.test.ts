import type { NodeStorageSpec } from '@berth/contract/resources/node-storage';
import { EVENTS, LOGICAL_VOLUMES, NODE_STORAGES } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { useAgent } from './testing/agent-harness.ts';

const agent = useAgent();
const { create, plugIn, ready, restart, soon, storage, taken, volumes } = agent;

describe('what an operator asks for', () => {
  const LEFTOVER = 'Disk_S-/dev/nvme2n1';
  const leftover = { kind: 'filesystem', type: 'ext4', uuid: 'old' } as const;
  const ask = (spec: NodeStorageSpec) => agent.client.mergePatch(NODE_STORAGES, { name: 'node-1' }, { spec });
  const disk = async (path: string) => (await storage())?.status?.disks?.find((each) => each.path === path);
  const events = async (reason: string) =>
    (await agent.client.list(EVENTS)).items.filter((event) => event.reason === reason).map(({ message }) => message);

  it('wipes a disk with leftovers, once, and takes it', async () => {
    await plugIn({ content: leftover, remembered: 'ext4' });
    await restart();
    await soon(() => disk('/dev/nvme2n1')).toMatchObject({ state: 'Refused', reason: expect.stringContaining('ext4') });
    expect(agent.machine.state.disks.at(-1)?.content).toEqual(leftover);
    await ask({ wipe: [LEFTOVER] });
    await soon(() => disk('/dev/nvme2n1')).toMatchObject({ state: 'Adopted' });
    expect(await events('DiskWiped')).toEqual([`the disk ${LEFTOVER} was wiped as asked for`]);
    expect((await storage())?.spec?.wipe).toBeUndefined();
  });

  it('wipes no disk that somebody uses, nor one that is not there, and says so', async () => {
    await taken();
    const mounted = 'Disk_S-/dev/nvme1n1';
    const ours = 'Disk_S-/dev/nvme0n1';
    await ask({ wipe: [mounted, ours, 'nobody'] });
    await soon(() => events('WipeRefused')).toEqual([
      `the disk ${mounted} was not wiped: it is mounted at /`,
      `the disk ${ours} was not wiped: it belongs to our volume group csi-vg-nvme`,
      'the disk nobody was not wiped: no disk of the node has this identity',
    ]);
    expect(agent.machine.state.commands.filter((line) => line.startsWith('wipefs'))).toEqual([]);
  });

  it('only looks when it is told to observe', async () => {
    await taken();
    await plugIn({});
    await restart('--mode=observe');
    await soon(() => disk('/dev/nvme2n1')).toMatchObject({
      state: 'Available',
      reason: 'not taken: the agent only observes; it would be taken into csi-vg-nvme',
    });
    await ask({ wipe: [LEFTOVER] });
    await soon(() => events('WipeRefused')).toHaveLength(1);
    expect(agent.machine.state.disks.at(-1)?.content).toBeUndefined();
  });

  it('removes no orphan that has only just become one, but shows it', async () => {
    await taken();
    await create('pvc-1', '8Mi');
    await ready('pvc-1');
    await agent.client.mergePatch(LOGICAL_VOLUMES, { name: 'pvc-1' }, { metadata: { finalizers: null } });
    await agent.client.delete(LOGICAL_VOLUMES, { name: 'pvc-1' });
    await restart();
    await soon(async () => (await storage())?.status?.groups?.[0]?.orphans).toMatchObject([
      { name: 'pvc-1', size: '8Mi' },
    ]);
    await soon(() => events('OrphanFound')).toHaveLength(1);
    await ask({ removeOrphans: ['pvc-1'] });
    await soon(() => events('OrphanKept')).toEqual([expect.stringContaining('ten minutes later')]);
    expect(volumes()).toEqual(['pvc-1']);
  });

  it('forgets a missing disk', async () => {
    await taken();
    agent.machine.state.disks.splice(0, 1);
    await restart();
    await soon(() => disk('/dev/nvme0n1')).toMatchObject({ state: 'Missing' });
    await soon(() => events('DiskMissing')).toHaveLength(1);
    await ask({ forget: ['Disk_S-/dev/nvme0n1'] });
    await soon(() => disk('/dev/nvme0n1')).toBeUndefined();
  });
});
