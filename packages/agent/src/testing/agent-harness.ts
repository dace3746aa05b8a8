import { LOGICAL_VOLUME_FINALIZER } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { LOGICAL_VOLUMES, NODE_STORAGES, NODES } from '@berth/kube/resources';
import { createFakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { afterEach, beforeEach, expect } from 'vitest';
import { createFakeNode, type FakeNode } from './fake-node.ts';
import type { FakeDisk } from './machine-state.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const MIB = 1024 ** 2;
const DISKS: readonly FakeDisk[] = [
  { path: '/dev/nvme0n1', sizeBytes: 1025 * MIB },
  { path: '/dev/nvme1n1', sizeBytes: 1025 * MIB, lsblk: { mountpoint: '/' } },
  { path: '/dev/vda', sizeBytes: 1025 * MIB, lsblk: { tran: 'virtio' } },
];

interface Current {
  readonly directory: string;
  readonly node: FakeNode;
  readonly client: ReturnType<typeof createFakeKubeClient>;
  close: () => Promise<void>;
}

/** For each test of a file: a whole agent on a fake machine with one disk to take, one mounted and one of unknown medium. */
export const useAgent = () => {
  let current: Current;

  beforeEach(async () => {
    const directory = await temporaryDirectory();
    const client = createFakeKubeClient();
    await client.create(NODES, { metadata: { name: 'node-1', uid: 'node-uid' } });
    const node = await createFakeNode({ nodeName: 'node-1', directory, disks: DISKS, client });
    current = { directory, client, node, close: await node.startAgent() };
  });

  afterEach(() => current.close());

  /** The agent works in the background; a busy machine may take its time. */
  const soon = <T>(read: () => T) => expect.poll(read, { timeout: 15_000 });
  const storage = () => current.client.get(NODE_STORAGES, { name: 'node-1' });
  const object = (name: string) => current.client.get(LOGICAL_VOLUMES, { name });

  return {
    get directory() {
      return current.directory;
    },
    get machine() {
      return current.node.machine;
    },
    get client() {
      return current.client;
    },
    soon,
    storage,
    object,
    restart: async (...settings: string[]) => {
      await current.close();
      current.close = await current.node.startAgent(settings);
    },
    ready: (name: string) => soon(async () => (await object(name))?.status?.phase).toBe('Ready'),
    taken: () => soon(async () => (await storage())?.status?.groups?.length).toBe(1),
    /** A third disk, at /dev/nvme2n1. */
    plugIn: (disk: Partial<FakeDisk> = {}) =>
      current.node.plugIn({ path: '/dev/nvme2n1', sizeBytes: 1025 * MIB, ...disk }),
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
      current.node.machine.state.commands.map((line) => {
        const [program, command] = line.split(' ');
        if (program === 'sh') return / (find-missing|probe) [/l]/.exec(line)?.[1];
        return program === 'lvm' ? `lvm ${command}` : program;
      }),
    volumes: () => current.node.machine.state.groups[0]?.lvs.map(({ name }) => name),
  };
};
