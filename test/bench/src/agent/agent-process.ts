import { existsSync } from 'node:fs';
import { copyFile, cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '@berth/bed/forwarding';
import { type Daemon, run, startDaemon } from '@berth/bed/process/spawn';
import { loadNodeServices } from '@berth/csi/node-services';
import { createSocketClient } from '@berth/csi/testing/socket-client';
import { bundleRoles } from '@berth/e2e/beside';
import { type ServiceError, status } from '@grpc/grpc-js';
import { NODE, type PlayedNode } from './node.ts';

export interface AgentProcess {
  readonly pid: number;
  /** From its start to its first answer to Probe. */
  readonly probedAfterMs: number;
  readonly metricsPort: number;
  stop(): Promise<void>;
}

export interface Place {
  readonly node: PlayedNode;
  readonly repository: string;
  readonly apiPort: number;
  readonly signal: AbortSignal;
}

const PATIENCE_MS = 30_000;

/** Bundles the agent and compiles it once, as deploy/Dockerfile does; `caFile` signs the API server. */
export const installAgent = async ({ node, repository, signal }: Place, caFile: string): Promise<void> => {
  await bundleRoles({ repository, signal });
  await cp(join(repository, 'dist'), join(node.directory, 'berth'), { recursive: true });
  const env = { NODE_COMPILE_CACHE: join(node.directory, 'compiled') };
  await run(process.execPath, [join(node.directory, 'berth/agent.js'), '--help'], { env, signal });
  await copyFile(caFile, join(node.directory, 'service-account/ca.crt'));
  await writeFile(join(node.directory, 'service-account/token'), 'none');
};

/** The pod's service account, where the agent looks for it, in a mount namespace of its own. */
const AS_POD = `
  set -eu
  mount -t tmpfs none /run
  mkdir -p /var/run/secrets/kubernetes.io
  ln -s "$1" /var/run/secrets/kubernetes.io/serviceaccount
  shift
  exec "$@"`;

/** Starts the bundled agent as its container does, and calls Probe until it answers. */
export const startAgentProcess = async (place: Place): Promise<AgentProcess> => {
  const { node, apiPort, signal } = place;
  const at = (path: string) => join(node.directory, path);
  const metricsPort = await freePort();
  const folders = ['kubelet', 'proc', 'sys', 'dev', 'udev'].flatMap((name) => [`--${name}-dir`, at(name)]);
  const flags = ['--node-name', NODE, '--command-prefix', node.commandPrefix, ...folders];
  const program = [process.execPath, at('berth/agent.js'), ...flags, '--metrics-port', String(metricsPort)];
  const startedMs = performance.now();
  const daemon = await startDaemon({
    name: 'agent',
    file: 'unshare',
    args: ['--mount', 'sh', '-c', AS_POD, 'as-pod', at('service-account'), ...program],
    runDir: node.directory,
    logFile: at('agent.log'),
    env: {
      NODE_COMPILE_CACHE: at('compiled'),
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(apiPort),
    },
  });
  try {
    await untilProbed(at('kubelet/plugins/csi.storage.io/csi.sock'), daemon, signal);
    const probedAfterMs = performance.now() - startedMs;
    return { pid: daemon.pid, probedAfterMs, metricsPort, stop: () => daemon.stop() };
  } catch (thrown) {
    await daemon.stop();
    throw thrown;
  }
};

const untilProbed = async (socket: string, daemon: Daemon, signal: AbortSignal): Promise<void> => {
  const { identity } = loadNodeServices();
  let ended = false;
  void daemon.exited.then(() => {
    ended = true;
  });
  for (const untilMs = performance.now() + PATIENCE_MS; performance.now() < untilMs && !ended; ) {
    await delay(5, undefined, { signal });
    if (!existsSync(socket)) continue;
    const client = createSocketClient(socket);
    try {
      await client.call(identity, 'Probe', {});
      return;
    } catch (thrown) {
      // Its file is there a moment before it is listened on.
      if ((thrown as Partial<ServiceError>).code !== status.UNAVAILABLE) throw thrown;
    } finally {
      client.close();
    }
  }
  throw new Error(`the agent ${ended ? 'ended' : `did not answer Probe within ${PATIENCE_MS} ms`}`);
};
