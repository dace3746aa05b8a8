import { mkdir } from 'node:fs/promises';
import type { JoinMaterial } from '../control-plane/join-material.ts';
import { goldenSize, imageFiles, type NodeImage } from '../image/node-image.ts';
import type { Network } from '../network.ts';
import { run } from '../process/spawn.ts';
import { attachNode } from './attach.ts';
import { placeDisks } from './disk.ts';
import { execInGuest, waitForAgent } from './guest-agent.ts';
import { becomeNodeScript } from './identity.ts';
import { createDiskImage, createRootDisk, startMachine } from './machine.ts';
import type { Node, NodeContext, NodeSpec } from './node.ts';
import { type NodeFiles, type NodeState, nodeFiles, uuidOf, writeNodeState } from './node-state.ts';
import { type MachineSize, macAddress } from './qemu-arguments.ts';
import { restoreMachine } from './restore.ts';

export interface NodeStart {
  readonly spec: NodeSpec;
  /** From 1; unique in the bed. */
  readonly index: number;
  readonly image: NodeImage;
  readonly network: Network;
  readonly join: JoinMaterial;
  /** Whether `saveNode` is to be called later; such a node has no disks and is of the default size. */
  readonly toBeSaved?: boolean;
}

/**
 * Starts a node: restores the saved machine (or boots one, when another size is asked for), gives it its card, disks and identity,
 * and starts kubelet. Returns when kubelet has been started, not when the node is Ready.
 */
export async function startNode(context: NodeContext, start: NodeStart): Promise<Node> {
  const { spec, image } = start;
  const files = nodeFiles(context, spec.name);
  await mkdir(files.directory, { recursive: true });
  await mkdir(context.logDir, { recursive: true });
  const state = await decideState(context, files, start);
  await Promise.all(state.disks.map(createDiskImage));
  await writeNodeState(files, state);
  const golden = imageFiles(image.directory);
  await createRootDisk(files, { file: golden.goldenDisk, format: 'qcow2' });
  if (start.toBeSaved) {
    await run('cp', ['--sparse=always', golden.goldenMemory, files.savedMemory], { signal: context.signal });
    await restoreMachine(files, state, 'restore-to-save', context.signal);
  } else if (sameSize(state.size, goldenSize)) await restoreMachine(files, state, 'restore', context.signal);
  else await startMachine(files, state, 'cold');
  await becomeNode(context, files, start, state);
  return await attachNode(context, spec.name);
}

/** Decides all that a node is and has: its tap is made, its disks get their bays. */
export async function decideState(context: NodeContext, files: NodeFiles, start: NodeStart): Promise<NodeState> {
  const { spec, index, image, network, join } = start;
  const { tap } = await network.addTap(spec.name);
  return {
    name: spec.name,
    rack: spec.rack,
    address: join.address,
    uuid: uuidOf(`${context.runDir}/${spec.name}`),
    size: { memoryMiB: spec.memoryMiB ?? goldenSize.memoryMiB, cpus: spec.cpus ?? goldenSize.cpus },
    card: { tap, mac: macAddress(index) },
    netns: network.netns,
    imageDirectory: image.directory,
    accelerator: image.accelerator,
    disks: placeDisks(spec.disks, { name: spec.name, diskFile: files.disk }),
  };
}

async function becomeNode(context: NodeContext, files: NodeFiles, start: NodeStart, state: NodeState): Promise<void> {
  await waitForAgent(files.agentSocket, 300_000, context.signal);
  const script = becomeNodeScript({
    join: start.join,
    gateway: start.network.gateway,
    uuid: state.uuid,
    nowMs: Date.now(),
  });
  const result = await execInGuest(files.agentSocket, ['sh'], { input: script, signal: context.signal });
  if (result.exitCode !== 0) throw new Error(`node ${state.name} could not be set up:\n${result.stderr}`);
}

function sameSize(a: MachineSize, b: MachineSize): boolean {
  return a.memoryMiB === b.memoryMiB && a.cpus === b.cpus;
}
