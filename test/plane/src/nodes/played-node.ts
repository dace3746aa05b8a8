import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FakeMachine } from '@berth/agent/testing/fake-machine';
import { createFakeNode } from '@berth/agent/testing/fake-node';
import { METADATA } from '@berth/agent/testing/machine-state';
import type { KubeClient } from '@berth/kube/client';
import { NODE_STORAGES, NODES } from '@berth/kube/resources';
import { type PlayedKubelet, startKubelet } from './played-kubelet.ts';

export interface NodeSpec {
  readonly name: string;
  readonly rack: string;
  /** Size of its one NVMe disk, of which LVM takes a little; whole extents of 4 MiB. */
  readonly gib: number;
  /** Size of its one rotating disk, if it has one. */
  readonly hddGib?: number;
}

/**
 * A node without a machine: the whole agent on a fake machine, with LVM of plain data, and as much of kubelet as the control plane sees.
 */
export interface PlayedNode {
  readonly name: string;
  readonly kubelet: PlayedKubelet;
  /** What its LVM commands act on; its `faults` spoil the next command that matches. */
  readonly machine: FakeMachine;
  /** Another NVMe disk of this size. */
  plugIn(gib: number): Promise<void>;
  /** Ends agent and kubelet, as when the power fails. */
  powerCut(): Promise<void>;
  boot(): Promise<void>;
  /** Ends the agent alone, in the middle of whatever it does. */
  stopAgent(): Promise<void>;
  startAgent(): Promise<void>;
  /** Ends everything and removes the node's objects. */
  remove(): Promise<void>;
}

const GIB = 1024 ** 3;

/** No udev tells the agent of changes. */
const SETTINGS = ['--scan-seconds=2'];

const diskOf = (index: number, gib: number) => ({ path: `/dev/nvme${index}n1`, sizeBytes: gib * GIB + METADATA });

const rotating = (gib: number | undefined) =>
  gib === undefined ? [] : [{ path: '/dev/sda', sizeBytes: gib * GIB + METADATA, lsblk: { rota: true, tran: 'sas' } }];

/** Starts a node; it is Ready and its agent at work soon afterwards. */
export const playNode = async (client: KubeClient, { name, rack, gib, hddGib }: NodeSpec): Promise<PlayedNode> => {
  const directory = await mkdtemp(join(tmpdir(), 'berth-node-'));
  const disks = [diskOf(0, gib), ...rotating(hddGib)];
  const fake = await createFakeNode({ nodeName: name, directory, disks, client });
  const kubelet = await startKubelet(client, { name, rack });
  let endAgent: (() => Promise<void>) | undefined;
  const startAgent = async () => {
    endAgent ??= await fake.startAgent(SETTINGS);
  };
  const stopAgent = async () => {
    await endAgent?.();
    endAgent = undefined;
  };
  await startAgent();
  return {
    name,
    kubelet,
    machine: fake.machine,
    plugIn: (more) => fake.plugIn(diskOf(fake.machine.state.disks.length, more)),
    startAgent,
    stopAgent,
    powerCut: async () => {
      await stopAgent();
      await kubelet.powerCut();
    },
    boot: async () => {
      await startAgent();
      await kubelet.start();
    },
    remove: async () => {
      kubelet.stop();
      await stopAgent();
      await client.delete(NODES, { name });
      await client.delete(NODE_STORAGES, { name });
      await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
};
