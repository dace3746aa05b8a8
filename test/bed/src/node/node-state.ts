import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imageFiles } from '../image/node-image.ts';
import type { Accelerator } from './accelerator.ts';
import type { Disk } from './disk.ts';
import type { NodeContext, NodeSpec } from './node.ts';
import type { MachineSize, NetworkCard } from './qemu-arguments.ts';

/** What a machine is made of. */
export interface MachineState {
  readonly name: string;
  readonly uuid: string;
  readonly size: MachineSize;
  /** Undefined for a machine without a network. */
  readonly card?: NetworkCard;
  readonly netns?: string;
  /** Directory of the image that the root disk is an overlay of. */
  readonly imageDirectory: string;
  readonly accelerator: Accelerator;
  /** Disks that are in their bays, whether the node runs or not. */
  readonly disks: readonly Disk[];
}

/** What must be known about a node by a later process. */
export interface NodeState extends MachineState {
  readonly rack: string;
  readonly address: string;
  readonly card: NetworkCard;
  readonly netns: string;
}

/** Files of one node. */
export interface NodeFiles {
  readonly directory: string;
  readonly runDir: string;
  readonly rootDisk: string;
  /** Memory of a machine that is going to be saved. */
  readonly savedMemory: string;
  readonly qmpSocket: string;
  readonly agentSocket: string;
  readonly consoleLog: string;
  readonly qemuLog: string;
  disk(name: string): string;
}

/** Where a node's files lie. */
export function nodeFiles({ runDir, logDir }: Pick<NodeContext, 'runDir' | 'logDir'>, name: string): NodeFiles {
  const directory = join(runDir, 'nodes', name);
  return {
    directory,
    runDir,
    rootDisk: join(directory, 'root.qcow2'),
    savedMemory: imageFiles(directory).goldenMemory,
    qmpSocket: join(directory, 'qmp.sock'),
    agentSocket: join(directory, 'agent.sock'),
    consoleLog: join(logDir, `${name}-console.log`),
    qemuLog: join(logDir, `${name}-qemu.log`),
    disk: (disk) => join(directory, `disk-${disk}.raw`),
  };
}

/** Name of the recorded process of a node's machine. */
export function daemonName(node: Pick<NodeSpec, 'name'>): string {
  return `node-${node.name}`;
}

/** A UUID that is the same for the same name each time. */
export function uuidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The state as last written. Throws when there is no such node. */
export async function readNodeState(files: NodeFiles): Promise<NodeState> {
  const text = await readFile(join(files.directory, 'node.json'), 'utf8').catch((cause: unknown) => {
    throw new Error(`there is no node with its files in ${files.directory}`, { cause });
  });
  return JSON.parse(text) as NodeState;
}

/** Replaces the state at once, never leaving half a file. */
export async function writeNodeState(files: NodeFiles, state: NodeState): Promise<void> {
  await mkdir(files.directory, { recursive: true });
  const file = join(files.directory, 'node.json');
  await writeFile(`${file}.new`, JSON.stringify(state, undefined, 2));
  await rename(`${file}.new`, file);
}
