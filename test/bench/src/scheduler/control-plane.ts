import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BedContext } from '@berth/bed/bed-parts';
import { clearBed, rotateLogs } from '@berth/bed/clear-bed';
import { type ControlPlane, openControlPlane } from '@berth/bed/control-plane/control-plane';
import { freePort, startForwarding } from '@berth/bed/forwarding';
import { createKubectl, type Kubectl } from '@berth/bed/kubectl';
import { createNetwork } from '@berth/bed/network';
import { findDaemon, startDaemon } from '@berth/bed/process/spawn';
import { ensureTools } from '@berth/bed/tools';
import type { KubeClient } from '@berth/kube/client';
import { connectKube } from '@berth/kube/connect';
import { systemClock } from '@berth/runtime/clock';

const BED = 'bench-scheduler';
const PATIENCE_MS = 120_000;

/** A control plane without nodes, in a network namespace of its own. */
export interface Bare {
  readonly plane: ControlPlane;
  readonly kubectl: Kubectl;
  readonly client: KubeClient;
  /** How kubeconfigs name the API server. */
  readonly server: string;
  readonly runDir: string;
  readonly repository: string;
  /** Starts a program of ours beside the control plane and waits until its output contains the text. */
  startNode(name: string, args: readonly string[], awaited: string): Promise<{ stop(): Promise<void> }>;
  stopScheduler(): Promise<void>;
}

/**
 * etcd, kube-apiserver and kube-scheduler for as long as the work takes. The controller manager runs only until the namespace
 * has its service account: later it would find the nodes silent and taint them.
 */
export const withControlPlane = async <T>(context: BedContext, work: (bare: Bare) => Promise<T>): Promise<T> => {
  const { paths, progress, signal } = context;
  const [runDir, logDir] = [paths.run(BED), paths.logs(BED)];
  const tools = await ensureTools({ paths, progress, signal });
  await clearBed(paths, BED);
  await rotateLogs(paths, BED);
  await mkdir(runDir, { recursive: true });
  try {
    const network = await createNetwork(BED);
    const port = await freePort();
    const server = `https://127.0.0.1:${port}`;
    const plane = await openControlPlane({ runDir, logDir, tools, network, server });
    await startForwarding({ name: 'api', runDir, logDir, netns: network.netns, to: '127.0.0.1:443', port }, signal);
    await progress.step('Start the control plane', () => plane.start(undefined, signal));
    const kubectl = createKubectl(tools.path('kubectl'), plane.files.kubeconfig('admin'));
    await eventually(async () => (await kubectl(['get', 'sa', '-o', 'name'])).includes('default'), signal);
    await (await findDaemon(runDir, 'kube-controller-manager'))?.stop();
    const stopScheduler = async () => (await findDaemon(runDir, 'kube-scheduler'))?.stop();
    await stopScheduler();
    const startNode: Bare['startNode'] = async (name, args, awaited) => {
      const logFile = join(logDir, `${name}.log`);
      const daemon = await startDaemon({ name, file: process.execPath, args, runDir, logFile, netns: network.netns });
      await eventually(async () => (await readFile(logFile, 'utf8')).includes(awaited), signal);
      return daemon;
    };
    const client = await connectKube(plane.files.kubeconfig('admin'), systemClock);
    const { repository } = paths;
    return await work({ plane, kubectl, client, server, runDir, repository, startNode, stopScheduler });
  } finally {
    await clearBed(paths, BED);
  }
};

const eventually = async (holds: () => Promise<boolean>, signal: AbortSignal): Promise<void> => {
  for (const untilMs = performance.now() + PATIENCE_MS; performance.now() < untilMs; ) {
    if (await holds().catch(() => false)) return;
    await delay(100, undefined, { signal });
  }
  throw new Error(`it did not happen within ${PATIENCE_MS / 1000} s; see .logs/${BED}`);
};
