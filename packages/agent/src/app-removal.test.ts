import type { DiskStatus } from '@berth/contract/resources/node-storage';
import { EVENTS, LOGICAL_VOLUMES, NODE_STORAGES } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { useAgent } from './testing/agent-harness.ts';

const agent = useAgent();
const { create, object, plugIn, programs, ready, restart, soon, storage, taken } = agent;

const FIRST = 'Disk_S-/dev/nvme0n1';
const KEY = 'csi.storage.io/csi-vg-nvme';

const leave = (...leaving: string[]) =>
  agent.client.mergePatch(NODE_STORAGES, { name: 'node-1' }, { spec: { leaving } });
const status = async () => (await storage())?.status;
const disk = async (path = '/dev/nvme0n1'): Promise<DiskStatus | undefined> =>
  (await status())?.disks?.find((each) => each.path === path);
const reasons = async () =>
  (await agent.client.list(EVENTS)).items.map(({ reason }) => reason).filter((reason) => reason?.startsWith('DiskRem'));

/** A second disk of the same medium, and a volume of 8 MiB on the first. */
const prepare = async (percentPerReport: number) => {
  await taken();
  await plugIn();
  await restart('--scan-seconds=1');
  await soon(() => disk('/dev/nvme2n1')).toMatchObject({ state: 'Adopted' });
  await create('pvc-1', '8Mi');
  await ready('pvc-1');
  agent.machine.state.percentPerReport = percentPerReport;
};

describe('a disk that an operator wants out', () => {
  it('is emptied and removed, is not taken again while that is asked for, and is afterwards', async () => {
    await prepare(40);
    Object.assign(agent.machine.state.disks[0] ?? {}, { remembered: 'LVM2_member' });
    await leave(FIRST);
    await soon(() => disk()).toMatchObject({ state: 'Removed', reason: expect.stringContaining('may be pulled') });
    await soon(reasons).toEqual(['DiskRemovalStarted', 'DiskRemoved']);
    expect((await status())?.removals).toEqual([{ disk: FIRST, phase: 'Removed', message: 'the disk may be pulled' }]);
    expect((await status())?.allocatable).toEqual({ [KEY]: '1016Mi' });
    expect((await object('pvc-1'))?.status?.phase).toBe('Ready');
    // Also while the watch, which tells what is asked for, has not begun.
    agent.client.beforeCall((call) => {
      if (call.startsWith('LIST') && call.endsWith('/nodestorages')) throw new Error('no list');
    });
    agent.machine.state.commands = [];
    await restart('--scan-seconds=1');
    await soon(() => programs()).toContain('probe');
    await soon(() => programs().slice(programs().indexOf('probe'))).toContain('lvm fullreport');
    expect(await disk()).toMatchObject({ state: 'Removed' });
    expect(programs()).not.toContain('lvm pvcreate');
    agent.client.beforeCall(undefined);
    await leave();
    await soon(() => disk()).toMatchObject({ state: 'Adopted' });
    await soon(status).toMatchObject({ allocatable: { [KEY]: '2040Mi' } });
  }, 60_000);

  it('gives no room while it is emptied, and its volume grows when it is taken off the list', async () => {
    await prepare(0);
    await leave(FIRST);
    await soon(status).toMatchObject({
      allocatable: { [KEY]: '1016Mi' },
      groups: [{ size: '1Gi', free: '1016Mi', foreign: '0' }],
      removals: [{ disk: FIRST, phase: 'Moving', left: '8Mi', message: expect.stringContaining('pvc-1 is moved') }],
    });
    await agent.client.mergePatch(LOGICAL_VOLUMES, { name: 'pvc-1' }, { spec: { size: '20Mi' } });
    await soon(async () => (await object('pvc-1'))?.status?.conditions?.[0]).toMatchObject({
      ...{ status: 'True', reason: 'Moving' },
      message: 'the volume is moved to another disk; afterwards it grows to 20 MiB',
    });
    await leave();
    await soon(status).toMatchObject({ allocatable: { [KEY]: '2040Mi' } });
    expect((await status())?.removals).toBeUndefined();
    await soon(reasons).toEqual(['DiskRemovalStarted', 'DiskRemovalWithdrawn']);
    await agent.client.mergePatch(LOGICAL_VOLUMES, { name: 'pvc-1' }, { spec: { size: '24Mi' } });
    await soon(async () => (await object('pvc-1'))?.status?.size).toBe('24Mi');
  });

  it('is emptied too when it is failing, although its group takes no new volumes, and is not taken anew', async () => {
    await prepare(40);
    const smart = { smartctl: { exit_status: 0 }, nvme_smart_health_information_log: { critical_warning: 4 } };
    Object.assign(agent.machine.state.disks.find(({ path }) => path === '/dev/nvme0n1') ?? {}, { smart });
    await restart('--scan-seconds=1', '--health-seconds=0.1');
    await soon(async () => (await status())?.allocatable).toEqual({ [KEY]: '0' });
    await leave(FIRST);
    await soon(() => disk()).toMatchObject({ state: 'Removed' });
    await soon(status).toMatchObject({ allocatable: { [KEY]: '1016Mi' } });
    await leave();
    await soon(() => disk()).toMatchObject({ state: 'Refused', reason: expect.stringContaining('it is failing') });
  }, 60_000);

  it('is only one that was named: rules that no longer fit a disk move nothing off it (trap 56)', async () => {
    await prepare(0);
    agent.machine.state.commands = [];
    await restart('--scan-seconds=1', '--medium-rules', 'path:/dev/nvme0n1=hdd');
    await soon(() => disk()).toMatchObject({ state: 'Adopted', medium: 'hdd', volumeGroup: 'csi-vg-nvme' });
    expect(programs()).not.toContain('lvm pvmove');
    expect(programs()).not.toContain('lvm pvchange');
  });

  it('is not touched when it is none of ours, and that is said', async () => {
    await taken();
    agent.machine.state.commands = [];
    await leave('Disk_S-/dev/nvme1n1', 'nobody');
    await soon(async () => (await status())?.removals).toEqual([
      { disk: 'Disk_S-/dev/nvme1n1', phase: 'Blocked', message: 'not taken: it is mounted at /' },
      { disk: 'nobody', phase: 'Blocked', message: 'no disk of the node has this identity' },
    ]);
    await soon(reasons).toEqual(['DiskRemovalBlocked', 'DiskRemovalBlocked']);
    expect(programs().filter((program) => program !== 'lvm fullreport')).toEqual(['lsblk']);
  });
});
