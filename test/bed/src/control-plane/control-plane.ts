import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { kubeconfig } from '../kubeconfig.ts';
import { gatewayAddress, kubernetesServiceAddress, type Network } from '../network.ts';
import { openPki, type Pki } from '../pki.ts';
import { type Daemon, findDaemon, run, startDaemon } from '../process/spawn.ts';
import type { ToolName } from '../tool-families.ts';
import type { Tools } from '../tools.ts';
import {
  apiServerArguments,
  type ControlPlaneFiles,
  controllerManagerArguments,
  etcdArguments,
  schedulerArguments,
  schedulerConfiguration,
} from './arguments.ts';

/** etcd, kube-apiserver, kube-controller-manager and kube-scheduler of one bed. */
export interface ControlPlane {
  readonly pki: Pki;
  readonly files: ControlPlaneFiles;
  /** Starts all four and returns when the API server is ready and the scheduler listens. */
  start(schedulerConfig: string | undefined, signal: AbortSignal): Promise<void>;
  /** Replaces the scheduler's configuration and restarts it; returns when it is healthy. */
  restartScheduler(configYaml: string | undefined, signal: AbortSignal): Promise<void>;
  /** Kills the API server as kill -9 does; connections are refused until `startApiServer`. */
  killApiServer(): Promise<void>;
  /** Starts the API server again and returns when it is ready. */
  startApiServer(signal: AbortSignal): Promise<void>;
  /** Stops the API server (SIGSTOP) until `thawApiServer`: connections stay, and nothing answers. */
  freezeApiServer(): Promise<void>;
  thawApiServer(): Promise<void>;
  /** Ends all four, the API server before etcd. */
  stop(): Promise<void>;
}

export interface ControlPlaneContext {
  /** Directory for keys, kubeconfigs and etcd's data; what lies there already is used. */
  runDir: string;
  logDir: string;
  tools: Tools;
  network: Network;
  /** How kubeconfigs name the API server; must be reachable on the host and in the namespace. */
  server: string;
}

type Component = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler';

/** The control plane of a bed, whether it runs or is still to be started. */
export async function openControlPlane(context: ControlPlaneContext): Promise<ControlPlane> {
  const pki = await openPki(join(context.runDir, 'pki'));
  const files: ControlPlaneFiles = {
    pki: pki.file,
    etcdData: join(context.runDir, 'etcd'),
    kubeconfig: (component) => join(context.runDir, `${component}.kubeconfig`),
    schedulerConfig: join(context.runDir, 'scheduler.yaml'),
  };
  const restartScheduler: ControlPlane['restartScheduler'] = async (configYaml, signal) => {
    await writeFile(files.schedulerConfig, schedulerConfiguration(configYaml, files.kubeconfig('scheduler')));
    await (await findDaemon(context.runDir, 'kube-scheduler'))?.stop();
    const scheduler = await startComponent(context, 'kube-scheduler', schedulerArguments(files));
    await waitForScheduler(context, scheduler, signal);
  };
  const startApiServer: ControlPlane['startApiServer'] = async (signal) => {
    await startComponent(context, 'kube-apiserver', apiServerArguments(files));
    await waitForReady(context, files, signal);
  };
  return {
    pki,
    files,
    restartScheduler,
    startApiServer,
    async start(schedulerConfig, signal) {
      await issueCertificates(pki);
      await writeKubeconfigs(context, pki, files);
      await startComponent(context, 'etcd', etcdArguments(files));
      await startApiServer(signal);
      await startComponent(context, 'kube-controller-manager', controllerManagerArguments(files));
      await restartScheduler(schedulerConfig, signal);
    },
    async killApiServer() {
      const apiServer = await mustRun(context, 'kube-apiserver');
      process.kill(apiServer.pid, 'SIGKILL');
      await apiServer.stop();
    },
    async freezeApiServer() {
      process.kill((await mustRun(context, 'kube-apiserver')).pid, 'SIGSTOP');
    },
    async thawApiServer() {
      process.kill((await mustRun(context, 'kube-apiserver')).pid, 'SIGCONT');
    },
    async stop() {
      for (const name of ['kube-scheduler', 'kube-controller-manager', 'kube-apiserver', 'etcd']) {
        await (await findDaemon(context.runDir, name))?.stop(name === 'etcd' ? 10_000 : 1_000);
      }
    },
  };
}

async function issueCertificates(pki: Pki): Promise<void> {
  await Promise.all([
    pki.issue('apiserver', {
      commonName: 'kube-apiserver',
      altNames: [
        ...['127.0.0.1', gatewayAddress, kubernetesServiceAddress].map((address) => `IP:${address}`),
        ...['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map((name) => `DNS:${name}`),
      ],
    }),
    pki.issue('apiserver-kubelet', { commonName: 'kube-apiserver', organization: 'system:masters' }),
    pki.issue('admin', { commonName: 'admin', organization: 'system:masters' }),
    pki.issue('controller-manager', { commonName: 'system:kube-controller-manager' }),
    pki.issue('scheduler', { commonName: 'system:kube-scheduler' }),
  ]);
}

async function writeKubeconfigs(context: ControlPlaneContext, pki: Pki, files: ControlPlaneFiles): Promise<void> {
  for (const component of ['admin', 'controller-manager', 'scheduler'] as const) {
    const user = {
      certificate: await readFile(pki.file(`${component}.crt`), 'utf8'),
      key: await readFile(pki.file(`${component}.key`), 'utf8'),
    };
    const content = kubeconfig({ server: context.server, ca: pki.ca, user });
    await writeFile(files.kubeconfig(component), content, { mode: 0o600 });
  }
}

function startComponent(
  context: ControlPlaneContext,
  name: Component & ToolName,
  args: readonly string[],
): Promise<Daemon> {
  return startDaemon({
    name,
    file: context.tools.path(name),
    args,
    runDir: context.runDir,
    logFile: join(context.logDir, `${name}.log`),
    netns: context.network.netns,
  });
}

const readyTimeoutMs = 90_000;

async function waitForReady(
  context: ControlPlaneContext,
  files: ControlPlaneFiles,
  signal: AbortSignal,
): Promise<void> {
  const admin = files.kubeconfig('admin');
  const deadline = Date.now() + readyTimeoutMs;
  for (;;) {
    await mustRun(context, 'etcd');
    await mustRun(context, 'kube-apiserver');
    try {
      await run(context.tools.path('kubectl'), [`--kubeconfig=${admin}`, 'get', '--raw=/readyz'], {
        signal,
        timeoutMs: 5_000,
      });
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (Date.now() > deadline) {
        throw new Error(`kube-apiserver is not ready after ${readyTimeoutMs / 1000} s; see ${context.logDir}`, {
          cause: error,
        });
      }
    }
    await delay(150, undefined, { signal });
  }
}

async function waitForScheduler(context: ControlPlaneContext, scheduler: Daemon, signal: AbortSignal): Promise<void> {
  let ended = false;
  void scheduler.exited.then(() => {
    ended = true;
  });
  const deadline = Date.now() + readyTimeoutMs;
  for (;;) {
    await delay(150, undefined, { signal });
    if (ended) {
      throw new Error(
        `kube-scheduler ended at once; its configuration may be wrong: see ${context.logDir}/kube-scheduler.log`,
      );
    }
    const { stdout } = await run('ip', ['netns', 'exec', context.network.netns, 'ss', '-Hltn', 'sport = :10259']);
    if (stdout.trim() !== '') return;
    if (Date.now() > deadline)
      throw new Error(`kube-scheduler does not listen; see ${context.logDir}/kube-scheduler.log`);
  }
}

async function mustRun(context: ControlPlaneContext, name: Component): Promise<Daemon> {
  const daemon = await findDaemon(context.runDir, name);
  if (daemon === undefined) throw new Error(`${name} has ended; the reason is in ${context.logDir}/${name}.log`);
  return daemon;
}
