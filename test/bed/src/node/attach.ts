import { setTimeout as delay } from 'node:timers/promises';
import { run } from '../process/spawn.ts';
import { type Disk, placeDisk } from './disk.ts';
import { type ExecOptions, type ExecResult, execInGuest, startInGuest, waitForAgent } from './guest-agent.ts';
import { writeFilesScript } from './guest-files.ts';
import { collectNodeLogs } from './logs.ts';
import { createDiskImage, cutPower, findMachine, startMachine } from './machine.ts';
import type { Node, NodeContext } from './node.ts';
import { type NodeFiles, type NodeState, nodeFiles, readNodeState, writeNodeState } from './node-state.ts';
import { growDiskTo, plugDiskIn, pullDiskOut } from './plugging.ts';
import { withQmp } from './qmp.ts';

// A cold boot takes about 30 s alone, and several at once share two cores.
const bootPatienceMs = 300_000;

/** The handle of a node that was started before, perhaps by another process. Throws when the bed has no such node. */
export async function attachNode(context: NodeContext, name: string): Promise<Node> {
  const files = nodeFiles(context, name);
  const { rack, address } = await readNodeState(files);
  const exec = (argv: readonly string[], options?: ExecOptions) =>
    execInNode(context, { files, name }, { argv, ...options });
  const operations = { files, name, exec, signal: context.signal };
  return {
    name,
    rack,
    address,
    exec,
    writeFile: (path, content, mode = 0o644) => writeFile(operations, { path, content, mode }),
    plugDisk: (spec) => plugDisk(operations, spec),
    pullDisk: (disk) => pullDisk(operations, disk),
    growDisk: (disk, size) => growDisk(operations, disk, size),
    powerCut: async () => cutPower(files, await readNodeState(files)),
    boot: () => boot(operations),
    reboot: () => reboot(operations),
    collectLogs: async (directory) => collectNodeLogs(directory, files, await readNodeState(files)),
    async stop() {
      await (await findMachine(files, { name }))?.stop();
    },
  };
}

interface Operations {
  readonly files: NodeFiles;
  readonly name: string;
  readonly signal: AbortSignal;
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
}

async function execInNode(
  context: NodeContext,
  { files, name }: Pick<Operations, 'files' | 'name'>,
  { argv, signal, ...options }: ExecOptions & { argv: readonly string[] },
): Promise<ExecResult> {
  if ((await findMachine(files, { name })) === undefined) throw new Error(`node ${name} is off; boot it first`);
  const signals = [context.signal, ...(signal === undefined ? [] : [signal])];
  return await execInGuest(files.agentSocket, argv, { ...options, signal: AbortSignal.any(signals) });
}

async function writeFile(node: Operations, file: { path: string; content: string; mode: number }): Promise<void> {
  const result = await node.exec(['sh', '-eu'], { input: writeFilesScript([file]) });
  if (result.exitCode !== 0)
    throw new Error(`${file.path} could not be written on ${node.name}: ${result.stderr.trim()}`);
}

async function plugDisk(node: Operations, spec: Parameters<Node['plugDisk']>[0]): Promise<void> {
  const state = await readNodeState(node.files);
  const disk = placeDisk(spec, { name: node.name, plugged: state.disks, diskFile: node.files.disk });
  await createDiskImage(disk);
  if ((await findMachine(node.files, state)) !== undefined) {
    await withQmp(node.files.qmpSocket, node.signal, (qmp) => plugDiskIn(qmp, disk));
  }
  await writeNodeState(node.files, { ...state, disks: [...state.disks, disk] });
}

async function pullDisk(node: Operations, name: string): Promise<void> {
  const state = await readNodeState(node.files);
  const disk = findDisk(state, name);
  if ((await findMachine(node.files, state)) !== undefined) {
    await withQmp(node.files.qmpSocket, node.signal, (qmp) => pullDiskOut(qmp, disk));
  }
  await writeNodeState(node.files, { ...state, disks: state.disks.filter((other) => other.name !== name) });
}

async function growDisk(node: Operations, name: string, size: string): Promise<void> {
  const state = await readNodeState(node.files);
  const disk = findDisk(state, name);
  const bytes = Number((await run('numfmt', ['--from=iec', size])).stdout);
  await withQmp(node.files.qmpSocket, node.signal, (qmp) => growDiskTo(qmp, disk, bytes));
  const disks = state.disks.map((other) => (other === disk ? { ...disk, size } : other));
  await writeNodeState(node.files, { ...state, disks });
}

function findDisk({ name: nodeName, disks }: NodeState, name: string): Disk {
  const disk = disks.find((candidate) => candidate.name === name);
  if (disk !== undefined) return disk;
  const present = disks.map((candidate) => candidate.name).join(', ') || 'none';
  throw new Error(`node ${nodeName} has no disk named ${name}; it has: ${present}`);
}

async function boot(node: Operations): Promise<void> {
  await startMachine(node.files, await readNodeState(node.files), 'cold');
  await waitForAgent(node.files.agentSocket, bootPatienceMs, node.signal);
}

async function reboot(node: Operations): Promise<void> {
  const before = await bootId(node);
  // Nobody is there to say how it ended.
  await startInGuest(node.files.agentSocket, { argv: ['systemctl', 'reboot', '--no-block'] }, node.signal);
  const deadline = Date.now() + bootPatienceMs;
  while (Date.now() < deadline) {
    await delay(1_000, undefined, { signal: node.signal });
    const now = await bootId(node).catch(() => before);
    if (now !== before) return;
  }
  throw new Error(`node ${node.name} was not back ${bootPatienceMs} ms after the order to restart`);
}

async function bootId(node: Operations): Promise<string> {
  return (await node.exec(['cat', '/proc/sys/kernel/random/boot_id'], { timeoutMs: 5_000 })).stdout.trim();
}
