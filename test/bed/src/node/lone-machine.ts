import { mkdir, rm } from 'node:fs/promises';
import { goldenSize, imageFiles, type NodeImage } from '../image/node-image.ts';
import { type DiskSpec, placeDisks } from './disk.ts';
import { type ExecOptions, type ExecResult, execInGuest, waitForAgent } from './guest-agent.ts';
import { createDiskImage, createRootDisk, findMachine } from './machine.ts';
import type { NodeContext } from './node.ts';
import { type MachineState, nodeFiles, uuidOf } from './node-state.ts';
import { restoreMachine } from './restore.ts';

/** A machine like a node's, with a kernel and disks of its own, that has no network and is no node. */
export interface LoneMachine {
  /** Runs a command as root and waits for its end. An exit code other than 0 is a result, not an error. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** Ends it and removes its disks. */
  remove(): Promise<void>;
}

export interface LoneMachineStart {
  /** Unique in the run directory. */
  readonly name: string;
  readonly image: NodeImage;
  readonly disks: readonly DiskSpec[];
}

const PATIENCE_MS = 60_000;

/** Starts a machine from the saved one; returns when commands can be run and udev has dealt with its disks. */
export async function startLoneMachine(
  context: NodeContext,
  { name, image, disks }: LoneMachineStart,
): Promise<LoneMachine> {
  const { runDir, logDir, signal } = context;
  const files = nodeFiles(context, name);
  await Promise.all([files.directory, logDir].map((directory) => mkdir(directory, { recursive: true })));
  const state: MachineState = {
    ...{ name, uuid: uuidOf(`${runDir}/${name}`), size: goldenSize },
    ...{ imageDirectory: image.directory, accelerator: image.accelerator },
    disks: placeDisks(disks, { name, diskFile: files.disk }),
  };
  await Promise.all(state.disks.map(createDiskImage));
  await createRootDisk(files, { file: imageFiles(image.directory).goldenDisk, format: 'qcow2' });
  await restoreMachine(files, state, 'restore', signal);
  await waitForAgent(files.agentSocket, PATIENCE_MS, signal);
  const exec = (argv: readonly string[], options?: ExecOptions) =>
    execInGuest(files.agentSocket, argv, { signal, ...options });
  // A restored machine still has the time of its saving, and what was running then.
  const script = `date -u -s @${(Date.now() / 1000).toFixed(3)} && systemctl stop containerd && udevadm settle`;
  const { exitCode, stderr } = await exec(['sh', '-c', script]);
  if (exitCode !== 0) throw new Error(`machine ${name} could not be set up: ${stderr}`);
  return {
    exec,
    async remove() {
      await (await findMachine(files, state))?.stop();
      await rm(files.directory, { recursive: true, force: true });
    },
  };
}
