import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { imageFiles } from '../image/node-image.ts';
import { saveMachine } from '../image/snapshot.ts';
import { attachNode } from './attach.ts';
import { execInGuest, waitForAgent } from './guest-agent.ts';
import { createDiskImage, createRootDisk, findMachine, startMachine } from './machine.ts';
import type { Node, NodeContext } from './node.ts';
import { nodeFiles, readNodeState, writeNodeState } from './node-state.ts';
import { plugDiskIn } from './plugging.ts';
import { withQmp } from './qmp.ts';
import { loadMachine } from './restore.ts';
import { decideState, type NodeStart } from './start.ts';

/**
 * Saves a running node that was started with `toBeSaved`, and ends its machine. The node's directory then is an image directory
 * that `resumeNode` takes.
 */
export async function saveNode(context: NodeContext, name: string): Promise<void> {
  const files = nodeFiles(context, name);
  const state = await readNodeState(files);
  const saved = imageFiles(files.directory);
  await execInGuest(files.agentSocket, ['sync'], { signal: context.signal });
  await withQmp(files.qmpSocket, context.signal, (qmp) => saveMachine(qmp, saved.goldenState));
  await (await findMachine(files, state))?.stop();
  await rename(files.rootDisk, saved.goldenDisk);
  const origin = imageFiles(state.imageDirectory);
  await symlink(origin.kernel, saved.kernel);
  await symlink(origin.initramfs, saved.initramfs);
  await symlink(origin.emulator, saved.emulator);
  await Promise.all([files.qmpSocket, files.agentSocket].map((socket) => rm(socket, { force: true })));
}

/**
 * Starts a node from the image directory that `saveNode` has left: a member of the cluster already, with kubelet running. Its
 * machine is loaded at once but runs only when `apiServer` is fulfilled, so that kubelet doesn't begin by waiting longer and longer.
 */
export async function resumeNode(context: NodeContext, start: NodeStart, apiServer: Promise<void>): Promise<Node> {
  const files = nodeFiles(context, start.spec.name);
  await mkdir(files.directory, { recursive: true });
  await mkdir(context.logDir, { recursive: true });
  const state = await decideState(context, files, start);
  const saved = imageFiles(state.imageDirectory);
  await Promise.all(state.disks.map(createDiskImage));
  await writeNodeState(files, state);
  await createRootDisk(files, { file: saved.goldenDisk, format: 'qcow2' });
  await startMachine(files, state, 'resume');
  await withQmp(files.qmpSocket, context.signal, async (qmp) => {
    await loadMachine(qmp, saved.goldenState);
    for (const disk of state.disks) await plugDiskIn(qmp, disk);
    await apiServer;
    await qmp.execute('cont');
  });
  await waitForAgent(files.agentSocket, 60_000, context.signal);
  const clock = await execInGuest(files.agentSocket, ['date', '-u', '-s', `@${(Date.now() / 1000).toFixed(3)}`]);
  if (clock.exitCode !== 0) throw new Error(`the clock of node ${state.name} could not be set: ${clock.stderr}`);
  return attachNode(context, state.name);
}
