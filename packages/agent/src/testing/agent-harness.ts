import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LOGICAL_VOLUME_FINALIZER } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { LOGICAL_VOLUMES, NODE_STORAGES, NODES } from '@berth/kube/resources';
import { createFakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { systemClock } from '@berth/runtime/clock';
import { readConfig } from '@berth/runtime/config';
import { silentLogger } from '@berth/runtime/logger';
import { createMetrics } from '@berth/runtime/metrics';
import { afterEach, beforeEach, expect } from 'vitest';
import { type Agent, startAgent } from '../app.ts';
import { agentConfigSchema } from '../config.ts';
import { createFakeMachine, type FakeMachine } from './fake-machine.ts';
import { createMachineState, type FakeDisk } from './machine-state.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const MIB = 1024 ** 2;
const DISKS: readonly FakeDisk[] = [
  { path: '/dev/nvme0n1', sizeBytes: 1025 * MIB },
  { path: '/dev/nvme1n1', sizeBytes: 1025 * MIB, lsblk: { mountpoint: '/' } },
  { path: '/dev/vda', sizeBytes: 1025 * MIB, lsblk: { tran: 'virtio' } },
];

interface Current {
  readonly directory: string;
  readonly machine: FakeMachine;
  readonly client: ReturnType<typeof createFakeKubeClient>;
  agent: Agent;
  stop: AbortController;
}

/** For each test of a file: a whole agent on a fake machine with one disk to take, one mounted and one of unknown medium. */
export const useAgent = () => {
  let current: Current;

  const open = async ({ directory, machine, client }: Omit<Current, 'agent' | 'stop'>, settings: readonly string[]) => {
    const stop = new AbortController();
    const dirs = ['proc', 'sys', 'dev', 'udev'].flatMap((name) => [`--${name}-dir`, join(directory, name)]);
    const places = ['--kubelet-dir', join(directory, 'k'), '--command-prefix', '', ...dirs];
    const argv = ['--report-seconds=0', '--node-name', 'node-1', ...places, ...settings];
    const config = await readConfig(agentConfigSchema, { argv, env: {} });
    const parts = { config, client, spawner: machine.spawner, clock: systemClock, logger: silentLogger };
    const agent = await startAgent({ ...parts, metrics: createMetrics(), version: '0.1.0' }, stop.signal);
    return { agent, stop };
  };

  const close = async () => {
    current.stop.abort();
    await current.agent.close();
  };

  /** Makes the files of a disk that udev and the kernel would make. */
  const link = async (directory: string, { state }: FakeMachine, path: string, index: number) => {
    const name = path.replace('/dev/', '');
    const byId = `disk/by-id/nvme-Disk_S${index}`;
    state.links[`/dev/${byId}`] = path;
    await writeFile(join(directory, 'dev', name), '');
    await symlink(`../../${name}`, join(directory, 'dev', byId));
  };

  beforeEach(async () => {
    const directory = await temporaryDirectory();
    const machine = createFakeMachine(createMachineState(DISKS), directory);
    await mkdir(join(directory, 'dev/disk/by-id'), { recursive: true });
    for (const [index, { path }] of DISKS.entries()) await link(directory, machine, path, index);
    const client = createFakeKubeClient();
    await client.create(NODES, { metadata: { name: 'node-1', uid: 'node-uid' } });
    const place = { directory, machine, client };
    current = { ...place, ...(await open(place, [])) };
  });

  afterEach(close);

  /** The agent works in the background; a busy machine may take its time. */
  const soon = <T>(read: () => T) => expect.poll(read, { timeout: 15_000 });
  const storage = () => current.client.get(NODE_STORAGES, { name: 'node-1' });
  const object = (name: string) => current.client.get(LOGICAL_VOLUMES, { name });

  return {
    get directory() {
      return current.directory;
    },
    get machine() {
      return current.machine;
    },
    get client() {
      return current.client;
    },
    soon,
    storage,
    object,
    restart: async (...settings: string[]) => {
      await close();
      Object.assign(current, await open(current, settings));
    },
    ready: (name: string) => soon(async () => (await object(name))?.status?.phase).toBe('Ready'),
    taken: () => soon(async () => (await storage())?.status?.groups?.length).toBe(1),
    /** A third disk, at /dev/nvme2n1. */
    plugIn: async (disk: Partial<FakeDisk> = {}) => {
      current.machine.state.disks.push({ path: '/dev/nvme2n1', sizeBytes: 1025 * MIB, ...disk });
      await link(current.directory, current.machine, '/dev/nvme2n1', DISKS.length);
    },
    create: (name: string, size: string, fields: Partial<LogicalVolume['spec']> = {}) =>
      current.client.create(LOGICAL_VOLUMES, {
        metadata: { name, finalizers: [LOGICAL_VOLUME_FINALIZER] },
        spec: {
          nodeName: 'node-1',
          medium: 'nvme',
          size,
          volumeMode: 'Filesystem',
          fsType: 'xfs',
          claim: { namespace: 'default', name: 'data', uid: 'x' },
          ...fields,
        },
      }),
    /** Names of the programs run so far; of scripts, the name that stands behind them. */
    programs: () =>
      current.machine.state.commands.map((line) => {
        const [program, command] = line.split(' ');
        if (program === 'sh') return / (find-missing|probe) [/l]/.exec(line)?.[1];
        return program === 'lvm' ? `lvm ${command}` : program;
      }),
    volumes: () => current.machine.state.groups[0]?.lvs.map(({ name }) => name),
  };
};
