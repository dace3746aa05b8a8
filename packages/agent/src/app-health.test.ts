import { EVENTS } from '@berth/kube/resources';
import { describe, expect, it } from 'vitest';
import { useAgent } from './testing/agent-harness.ts';

const agent = useAgent();
const { restart, soon, storage, taken } = agent;

const status = async () => (await storage())?.status;
const smartOf = (warning: number) => ({
  smartctl: { exit_status: 0 },
  nvme_smart_health_information_log: { critical_warning: warning, percentage_used: 3, media_errors: 0 },
});
const answer = (warning: number) => Object.assign(agent.machine.state.disks[0] ?? {}, { smart: smartOf(warning) });
const KEY = 'csi.storage.io/csi-vg-nvme';

describe('a disk that says it fails', () => {
  it('takes its group out of placement, is told by an event, and nothing else is done', async () => {
    answer(0);
    await taken();
    await restart('--health-seconds=0.1');
    await soon(async () => (await status())?.disks?.[0]?.health).toEqual({
      ...{ state: 'Healthy', smart: 'Passed', percentageUsed: 3, mediaErrors: 0 },
    });
    expect((await status())?.allocatable?.[KEY]).toBe('1Gi');
    agent.machine.state.commands = [];
    answer(4);
    const sentence = 'the disk Disk_S-/dev/nvme0n1 (/dev/nvme0n1) is failing: its reliability is degraded';
    await soon(async () => (await status())?.groups?.[0]?.problem).toBe(sentence);
    expect((await status())?.allocatable?.[KEY]).toBe('0');
    expect((await status())?.conditions).toContainEqual(
      expect.objectContaining({ type: 'GroupsUsable', status: 'False', message: `csi-vg-nvme: ${sentence}` }),
    );
    const events = async () => (await agent.client.list(EVENTS)).items.map(({ reason }) => reason);
    await soon(events).toContain('DiskFailing');
    expect(agent.machine.state.commands.filter((line) => /^(wipefs|lvm (?!fullreport))/.test(line))).toEqual([]);
  });

  it('is not forgotten when the agent starts again, and is well once it says so', async () => {
    answer(4);
    await taken();
    await restart('--health-seconds=0.1');
    await soon(async () => (await status())?.allocatable?.[KEY]).toBe('0');
    await restart();
    await soon(() => agent.programs().filter((program) => program === 'lsblk').length).toBe(3);
    expect((await status())?.allocatable?.[KEY]).toBe('0');
    answer(0);
    await restart('--health-seconds=0.1');
    await soon(async () => (await status())?.allocatable?.[KEY]).toBe('1Gi');
  });

  const refused = { state: 'Refused', reason: 'not taken: it is failing: its reliability is degraded' };
  const blank = () => {
    agent.machine.state.groups = [];
    delete agent.machine.state.disks[0]?.content;
  };

  it('is not taken anew when it is blank after it has left its group', async () => {
    answer(4);
    await taken();
    await restart('--health-seconds=0.1');
    await soon(async () => (await status())?.allocatable?.[KEY]).toBe('0');
    blank();
    await restart();
    await soon(async () => (await status())?.disks?.[0]).toMatchObject(refused);
    expect(agent.machine.state.groups).toEqual([]);
  });

  it('is not taken anew when it was gone and comes back blank', async () => {
    answer(4);
    await taken();
    await restart('--health-seconds=0.1');
    await soon(async () => (await status())?.allocatable?.[KEY]).toBe('0');
    const disks = agent.machine.state.disks.splice(0, 1);
    await restart();
    await soon(async () => (await status())?.disks?.at(-1)?.state).toBe('Missing');
    agent.machine.state.disks.unshift(...disks);
    blank();
    await restart();
    await soon(async () => (await status())?.disks?.[0]).toMatchObject(refused);
  });
});
