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
}

/**
 * A node without a machine: the whole agent on a fake machine, with LVM of plain data, and as much of kubelet as the control plane sees.
 */
export interface PlayedNode {
  readonly name: string;
  readonly kubelet: PlayedKubelet;
  /** What its LVM commands act on; its `faults` spoil the next command that matches. */
  readonly machine: FakeMachine;
  /** Ends agent and kubelet, as when the power fails. */
  powerCut(): Promise<void>;
  boot(): Promise<void>;
  /** Ends everything and removes the node's objects. */
  remove(): Promise<void>;
}

const GIB = 1024 ** 3;

/** Starts a node; it is Ready and its agent at work soon afterwards. */
export const playNode = async (client: KubeClient, { name, rack, gib }: NodeSpec): Promise<PlayedNode> => {
  const directory = await mkdtemp(join(tmpdir(), 'berth-node-'));
  const disks = [{ path: '/dev/nvme0n1', sizeBytes: gib * GIB + METADATA }];
  const fake = await createFakeNode({ nodeName: name, directory, disks, client });
  const kubelet = await startKubelet(client, { name, rack });
  let stopAgent: (() => Promise<void>) | undefined = await fake.startAgent();
  const endAgent = async () => {
    await stopAgent?.();
    stopAgent = undefined;
  };
  return {
    name,
    kubelet,
    machine: fake.machine,
    powerCut: async () => {
      await endAgent();
      await kubelet.powerCut();
    },
    boot: async () => {
      stopAgent ??= await fake.startAgent();
      await kubelet.start();
    },
    remove: async () => {
      kubelet.stop();
      await endAgent();
      await client.delete(NODES, { name });
      await client.delete(NODE_STORAGES, { name });
      await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
};
