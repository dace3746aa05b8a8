import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHost } from '@berth/agent/host/host';
import { createLvm } from '@berth/agent/lvm/command';
import { createVolume } from '@berth/agent/lvm/logical-volume';
import { physicalVolumeUuids } from '@berth/agent/lvm/physical-volume-uuid';
import { addDisks } from '@berth/agent/lvm/volume-group';
import type { FakeMachine } from '@berth/agent/testing/fake-machine';
import { createFakeNode } from '@berth/agent/testing/fake-node';
import type { MachineState } from '@berth/agent/testing/machine-state';
import { volumeGroupName, volumeName } from '@berth/contract/names';
import { createFakeKubeClient } from '@berth/kube/testing/fake-kube-client';
import { systemClock } from '@berth/runtime/clock';

export const NODE = 'node-1';
export const VOLUME_GIB = 1;
const GIB = 1024 ** 3;

/** A played node: directories as the agent sees the host's, and a file with what is on its disk. */
export interface PlayedNode {
  readonly directory: string;
  /** What goes before every host program, so that it acts on that file: a process of its own each time. */
  readonly commandPrefix: string;
  /** Handles of its volumes. */
  readonly volumes: readonly string[];
  /** Every command line that the agent has run so far. */
  readCommands(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

/** A node with one disk that is the agent's already, and so many volumes on it, made by the agent's own functions. */
export const createPlayedNode = async (count: number): Promise<PlayedNode> => {
  const directory = await mkdtemp(join(tmpdir(), 'berth-bench-'));
  const volumes = Array.from({ length: count }, (_, index) => volumeName(uidOf(index)));
  const stateFile = join(directory, 'state.json');
  await makeHostFiles(directory);
  const { state } = await createFilledMachine(directory, volumes);
  await writeFile(stateFile, JSON.stringify(state));
  return {
    directory,
    commandPrefix: [process.execPath, FAKE_HOST, stateFile].join(' '),
    volumes,
    readCommands: async () => (JSON.parse(await readFile(stateFile, 'utf8')) as MachineState).commands,
    remove: () => rm(directory, { recursive: true }),
  };
};

const FAKE_HOST = join(import.meta.dirname, '../../../../packages/agent/src/testing/fake-host.ts');

export const uidOf = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;

/** Folders that an agent looks into, beside those of its disk. */
const makeHostFiles = async (directory: string): Promise<void> => {
  const folders = ['udev/data', 'sys/block/nvme0n1', 'kubelet', 'service-account'];
  for (const folder of folders) await mkdir(join(directory, folder), { recursive: true });
  await writeFile(join(directory, 'sys/block/nvme0n1/stat'), '0 0 0 0 0 0 0 0 0 0 0\n');
};

/** A fake machine with one disk that is the agent's already, and these volumes on it, never mounted; its files lie in the directory. */
export const createFilledMachine = async (directory: string, volumes: readonly string[]): Promise<FakeMachine> => {
  const disk = { path: '/dev/nvme0n1', sizeBytes: 2 * volumes.length * VOLUME_GIB * GIB };
  const client = createFakeKubeClient();
  const { machine } = await createFakeNode({ nodeName: NODE, directory, disks: [disk], client });
  const lvm = createLvm({ host: createHost({ spawner: machine.spawner, prefix: [] }), clock: systemClock });
  const group = volumeGroupName('nvme');
  const uuids = physicalVolumeUuids(NODE, `serial Disk_S-${disk.path}`);
  await addDisks(lvm, { group, disks: [{ link: disk.path, uuids }], report: { groups: [], orphans: [] } });
  for (const name of volumes)
    await createVolume(lvm, { group, name, sizeBytes: VOLUME_GIB * GIB, toBeFormatted: true });
  machine.state.commands = [];
  return machine;
};
