import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeClient } from '@berth/kube/client';
import { systemClock } from '@berth/runtime/clock';
import { readConfig } from '@berth/runtime/config';
import { silentLogger } from '@berth/runtime/logger';
import { createMetrics } from '@berth/runtime/metrics';
import { startAgent } from '../app.ts';
import { agentConfigSchema } from '../config.ts';
import { createFakeMachine, type FakeMachine } from './fake-machine.ts';
import { createMachineState, type FakeDisk } from './machine-state.ts';

/** A fake machine with the files that udev and the kernel would make, for whole agents to run on, one after the other. */
export interface FakeNode {
  readonly machine: FakeMachine;
  plugIn(disk: FakeDisk): Promise<void>;
  /** Starts the agent; settings are flags such as `--scan-seconds=1`. Gives the way to stop it. */
  startAgent(settings?: readonly string[]): Promise<() => Promise<void>>;
}

export interface FakeNodeOptions {
  readonly nodeName: string;
  /** Empty, and the node's own. */
  readonly directory: string;
  readonly disks: readonly FakeDisk[];
  readonly client: KubeClient;
}

export const createFakeNode = async ({ nodeName, directory, disks, client }: FakeNodeOptions): Promise<FakeNode> => {
  const machine = createFakeMachine(createMachineState([]), directory);
  await mkdir(join(directory, 'dev/disk/by-id'), { recursive: true });

  const plugIn = async (disk: FakeDisk) => {
    const { state } = machine;
    const name = disk.path.replace('/dev/', '');
    const byId = `disk/by-id/nvme-Disk_S${state.disks.length}`;
    state.disks.push(structuredClone(disk));
    state.links[`/dev/${byId}`] = disk.path;
    await writeFile(join(directory, 'dev', name), '');
    await symlink(`../../${name}`, join(directory, 'dev', byId));
  };
  for (const disk of disks) await plugIn(disk);

  return {
    machine,
    plugIn,
    startAgent: async (settings = []) => {
      const stop = new AbortController();
      const dirs = ['proc', 'sys', 'dev', 'udev'].flatMap((name) => [`--${name}-dir`, join(directory, name)]);
      const places = ['--kubelet-dir', join(directory, 'k'), '--command-prefix', '', ...dirs];
      const argv = ['--report-seconds=0', '--node-name', nodeName, ...places, ...settings];
      const config = await readConfig(agentConfigSchema, { argv, env: {} });
      const parts = { config, client, spawner: machine.spawner, clock: systemClock, logger: silentLogger };
      const agent = await startAgent({ ...parts, metrics: createMetrics(), version: '0.1.0' }, stop.signal);
      return async () => {
        stop.abort();
        await agent.close();
      };
    },
  };
};
