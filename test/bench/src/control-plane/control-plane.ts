import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BedContext } from '@berth/bed/bed-parts';
import { clearBed, rotateLogs } from '@berth/bed/clear-bed';
import { type ControlPlane, openControlPlane } from '@berth/bed/control-plane/control-plane';
import { freePort, startForwarding } from '@berth/bed/forwarding';
import { kubeconfig } from '@berth/bed/kubeconfig';
import { createKubectl, type Kubectl } from '@berth/bed/kubectl';
import { createNetwork } from '@berth/bed/network';
import { type Daemon, findDaemon, startDaemon } from '@berth/bed/process/spawn';
import { ensureTools } from '@berth/bed/tools';
import type { KubeClient } from '@berth/kube/client';
import { connectKube } from '@berth/kube/connect';
import { systemClock } from '@berth/runtime/clock';

const PATIENCE_MS = 120_000;

/** A control plane without nodes, in a network namespace of its own. */
export interface Bare {
  readonly plane: ControlPlane;
  readonly kubectl: Kubectl;
  readonly client: KubeClient;
  readonly runDir: string;
  readonly repository: string;
  /** Starts a program of ours beside the control plane and waits until its output contains the text. */
  startNode(name: string, args: readonly string[], awaited: string): Promise<Daemon>;
  /** Path of a kubeconfig with a token of one of Berth's own service accounts, which must be there. */
  writeKubeconfig(account: string): Promise<string>;
  stopScheduler(): Promise<void>;
}

export interface BareOptions {
  /** Its run directory, logs and namespace have this name. */
  readonly bed: string;
  /**
   * The controller manager, which among others binds claims, runs until the namespace has its service account: later it would find
   * nodes without machines silent and taint them. Where that does no harm it may be kept.
   */
  readonly keepControllerManager?: boolean;
}

/** etcd and kube-apiserver, and a scheduler when it is asked for, as long as the work takes. */
export const withControlPlane = async <T>(
  context: BedContext,
  { bed, keepControllerManager = false }: BareOptions,
  work: (bare: Bare) => Promise<T>,
): Promise<T> => {
  const { paths, progress, signal } = context;
  const [runDir, logDir] = [paths.run(bed), paths.logs(bed)];
  const tools = await ensureTools({ paths, progress, signal });
  await clearBed(paths, bed);
  await rotateLogs(paths, bed);
  await mkdir(runDir, { recursive: true });
  const eventually = patience(logDir, signal);
  try {
    const network = await createNetwork(bed);
    const port = await freePort();
    const server = `https://127.0.0.1:${port}`;
    const plane = await openControlPlane({ runDir, logDir, tools, network, server });
    await startForwarding({ name: 'api', runDir, logDir, netns: network.netns, to: '127.0.0.1:443', port }, signal);
    await progress.step('Start the control plane', () => plane.start(undefined, signal));
    const kubectl = createKubectl(tools.path('kubectl'), plane.files.kubeconfig('admin'));
    await eventually(async () => (await kubectl(['get', 'sa', '-o', 'name'])).includes('default'));
    if (!keepControllerManager) await (await findDaemon(runDir, 'kube-controller-manager'))?.stop();
    const stopScheduler = async () => (await findDaemon(runDir, 'kube-scheduler'))?.stop();
    await stopScheduler();
    const startNode: Bare['startNode'] = async (name, args, awaited) => {
      const logFile = join(logDir, `${name}.log`);
      const daemon = await startDaemon({ name, file: process.execPath, args, runDir, logFile, netns: network.netns });
      await eventually(async () => (await readFile(logFile, 'utf8')).includes(awaited));
      return daemon;
    };
    const writeKubeconfig = async (account: string) => {
      const token = (await kubectl(['-n', 'berth-system', 'create', 'token', account])).trim();
      const file = join(runDir, `${account}.kubeconfig`);
      await writeFile(file, kubeconfig({ server, ca: plane.pki.ca, user: { token } }), { mode: 0o600 });
      return file;
    };
    const client = await connectKube(plane.files.kubeconfig('admin'), systemClock);
    const { repository } = paths;
    return await work({ plane, kubectl, client, runDir, repository, startNode, writeKubeconfig, stopScheduler });
  } finally {
    await clearBed(paths, bed);
  }
};

/** Asks until it is so. */
const patience =
  (logDir: string, signal: AbortSignal) =>
  async (holds: () => Promise<boolean>): Promise<void> => {
    for (const untilMs = performance.now() + PATIENCE_MS; performance.now() < untilMs; ) {
      if (await holds().catch(() => false)) return;
      await delay(100, undefined, { signal });
    }
    throw new Error(`it did not happen within ${PATIENCE_MS / 1000} s; see ${logDir}`);
  };
