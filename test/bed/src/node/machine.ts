import { once } from 'node:events';
import { access, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { imageFiles } from '../image/node-image.ts';
import { type Daemon, findDaemon, run, startDaemon } from '../process/spawn.ts';
import type { Disk } from './disk.ts';
import { daemonName, type MachineState, type NodeFiles } from './node-state.ts';
import { deviceOptions, type MemorySource, machineArguments } from './qemu-arguments.ts';

/**
 * How a machine comes to life: from the saved generic one, the same but in order to be saved again, from a saved one that is a node
 * and so has its card, or with card and disks from the beginning.
 */
export type Birth = 'restore' | 'restore-to-save' | 'resume' | 'cold';

/** Starts the process of a node's machine and waits for its monitor. A restored machine waits for its state (`migrate-incoming`). */
export async function startMachine(files: NodeFiles, state: MachineState, birth: Birth): Promise<Daemon> {
  if ((await findMachine(files, state)) !== undefined) throw new Error(`node ${state.name} is running already`);
  await Promise.all([files.qmpSocket, files.agentSocket].map((socket) => rm(socket, { force: true })));
  const image = imageFiles(state.imageDirectory);
  const options = machineArguments({
    ...state.size,
    ...files,
    ...image,
    ...state,
    rootDisk: files.rootDisk,
    memory: memoryOf(files, state, birth),
  });
  const machine = await startDaemon({
    name: daemonName(state),
    file: image.emulator,
    args: [...options, ...devicesOf(state, birth)],
    runDir: files.runDir,
    logFile: files.qemuLog,
    ...(state.netns !== undefined && { netns: state.netns }),
  });
  await waitForMonitor(files, machine);
  return machine;
}

function memoryOf(files: NodeFiles, state: MachineState, birth: Birth): MemorySource {
  if (birth === 'cold') return { kind: 'fresh' };
  if (birth === 'restore-to-save') return { kind: 'shared-file', file: files.savedMemory };
  return { kind: 'copy-of-file', file: imageFiles(state.imageDirectory).goldenMemory };
}

function devicesOf(state: MachineState, birth: Birth): string[] {
  if (birth === 'cold') return deviceOptions(state.card, state.disks);
  return [...(birth === 'resume' ? deviceOptions(state.card, []) : []), '-incoming', 'defer'];
}

/** The running machine of a node; undefined when it is off. */
export async function findMachine(files: NodeFiles, state: Pick<MachineState, 'name'>): Promise<Daemon | undefined> {
  return await findDaemon(files.runDir, daemonName(state));
}

/** Ends a machine without giving it, or QEMU, time for anything. */
export async function cutPower(files: NodeFiles, state: MachineState): Promise<void> {
  const machine = await findMachine(files, state);
  if (machine === undefined) return;
  process.kill(machine.pid, 'SIGKILL');
  await machine.stop();
}

/** Makes the node's root disk, which keeps only what differs from the image's. */
export async function createRootDisk(files: NodeFiles, backingFile: { file: string; format: string }): Promise<void> {
  const backing = ['-b', backingFile.file, '-F', backingFile.format];
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', ...backing, files.rootDisk]);
}

/** Makes a disk's sparse image, or keeps the one that is there. */
export async function createDiskImage(disk: Disk): Promise<void> {
  const exists = await access(disk.file).then(
    () => true,
    () => false,
  );
  if (exists) return;
  if (disk.copyOf !== undefined) await run('cp', ['--sparse=always', disk.copyOf, disk.file]);
  await run('truncate', ['-s', disk.size, disk.file]);
}

async function waitForMonitor(files: NodeFiles, machine: Daemon): Promise<void> {
  let ended = false;
  void machine.exited.then(() => {
    ended = true;
  });
  for (let tries = 0; tries < 500; tries += 1) {
    if (ended) throw new Error(`QEMU ended as soon as it was started; its output is in ${files.qemuLog}`);
    if (await listens(files.qmpSocket)) return;
    await delay(20);
  }
  throw new Error(`QEMU did not open its monitor ${files.qmpSocket} within 10 s; its output is in ${files.qemuLog}`);
}

/** The file of a socket is there a moment before anybody listens. */
async function listens(socketPath: string): Promise<boolean> {
  const socket = connect(socketPath);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
