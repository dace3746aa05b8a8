import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stageVolume } from '@berth/agent/csi/stage';
import { createHost } from '@berth/agent/host/host';
import { createLvm } from '@berth/agent/lvm/command';
import { createMounter } from '@berth/agent/mount/mounter';
import { systemClock } from '@berth/runtime/clock';
import type { Spawner } from '@berth/runtime/spawn';
import { createFilledMachine } from '../agent/node.ts';

/** Mounts of XFS by one pod at a time: what a claim of an ordinary class comes to. */
export const CAPABILITY = { mount: { fsType: 'xfs', mountFlags: [] }, accessMode: { mode: 'SINGLE_NODE_WRITER' } };

/** The commands by which the agent stages this new volume at this path, recorded on a fake machine: the agent's own code says what they are. */
export const recordStage = async (volume: string, target: string): Promise<readonly (readonly string[])[]> => {
  const directory = await mkdtemp(join(tmpdir(), 'berth-bench-'));
  try {
    const machine = await createFilledMachine(directory, [volume]);
    const commands: (readonly string[])[] = [];
    const spawner: Spawner = {
      run: (argv, options) => {
        commands.push(argv);
        return machine.spawner.run(argv, options);
      },
    };
    const host = createHost({ spawner, prefix: [] });
    const tools = {
      host,
      lvm: createLvm({ host, clock: systemClock }),
      mounter: createMounter({ host, procDir: machine.procDir }),
    };
    const here = join(directory, 'staging');
    const request = { volumeId: volume, stagingTargetPath: here, volumeCapability: CAPABILITY, volumeContext: {} };
    await stageVolume(tools, request as Parameters<typeof stageVolume>[1], new AbortController().signal);
    return commands.map((argv) => argv.map((word) => (word === here ? target : word)));
  } finally {
    await rm(directory, { recursive: true });
  }
};

/** A shell script that runs the commands one after another and prints the machine's uptime before and after, in seconds. */
export const timedScript = (commands: readonly (readonly string[])[], target: string): string =>
  [
    'export LC_ALL=C LVM_SUPPRESS_FD_WARNINGS=1',
    // Read by the shell itself: starting a program to tell the time would count.
    'read -r from rest </proc/uptime',
    ...[['mkdir', '-p', target], ...commands].map((argv) => `${argv.map(quote).join(' ')} >/dev/null`),
    'read -r to rest </proc/uptime',
    'echo "$from $to"',
  ].join('\n');

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
