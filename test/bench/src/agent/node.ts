import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHost } from '@berth/agent/host/host';
import { createLvm } from '@berth/agent/lvm/command';
import { createVolume } from '@berth/agent/lvm/logical-volume';
import { physicalVolumeUuids } from '@berth/agent/lvm/physical-volume-uuid';
import { addDisks } from '@berth/agent/lvm/volume-group';
import { createFakeMachine, type FakeMachine } from '@berth/agent/testing/fake-machine';
import { createMachineState, type MachineState } from '@berth/agent/testing/machine-state';
import { volumeGroupName, volumeName } from '@berth/contract/names';
import { systemClock } from '@berth/runtime/clock';

export const NODE = 'node-1';
export const VOLUME_GIB = 1;
const GIB = 1024 ** 3;
const DISK = { path: '/dev/nvme0n1', link: '/dev/disk/by-id/nvme-Disk_S0' };

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

const makeHostFiles = async (directory: string): Promise<void> => {
  const folders = ['proc/1', 'udev/data', 'dev/disk/by-id', 'sys/block/nvme0n1', 'kubelet', 'service-account'];
  for (const folder of folders) await mkdir(join(directory, folder), { recursive: true });
  await writeFile(join(directory, 'dev/nvme0n1'), '');
  await symlink('../../nvme0n1', join(directory, DISK.link));
  await writeFile(join(directory, 'sys/block/nvme0n1/stat'), '0 0 0 0 0 0 0 0 0 0 0\n');
};

/** A fake machine with one disk that is the agent's already, and these volumes on it, never mounted; its /proc lies in the directory. */
export const createFilledMachine = async (directory: string, volumes: readonly string[]): Promise<FakeMachine> => {
  const state = createMachineState([{ path: DISK.path, sizeBytes: 2 * volumes.length * VOLUME_GIB * GIB }]);
  state.links[DISK.link] = DISK.path;
  const machine = createFakeMachine(state, directory);
  const lvm = createLvm({ host: createHost({ spawner: machine.spawner, prefix: [] }), clock: systemClock });
  const group = volumeGroupName('nvme');
  const disks = [{ link: DISK.link, uuids: physicalVolumeUuids(NODE, `serial Disk_S-${DISK.path}`) }];
  await addDisks(lvm, { group, disks, report: { groups: [], orphans: [] } });
  for (const name of volumes)
    await createVolume(lvm, { group, name, sizeBytes: VOLUME_GIB * GIB, toBeFormatted: true });
  state.commands = [];
  return machine;
};
