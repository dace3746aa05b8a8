import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bed } from '@berth/bed/bed';
import { findDaemon, run } from '@berth/bed/process/spawn';
import type { Progress } from '@berth/bed/progress';
import { parse, stringify } from 'yaml';
import { list } from './api.ts';
import { waitUntil } from './wait.ts';

export interface BerthContext {
  readonly bed: Bed;
  /** Root of the checkout. */
  readonly repository: string;
  /** Where keys and certificates go. */
  readonly runDir: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const EXTENDER_PORT = 9443;
const EXTENDER_METRICS_PORT = 9812;
const CONTROLLER_METRICS_PORT = 9811;
const NAMESPACE = 'berth-system';

/** Brings Berth into a bed the way a user would: bundle, image, `kubectl apply` of deploy/, certificate, scheduler settings. */
export const deployBerth = async (context: BerthContext): Promise<void> => {
  const { progress } = context;
  const image = await progress.step('Build the image', () => buildImage(context));
  await progress.step('Apply deploy/', () => applyManifests(context, image));
  await progress.step('Start controller and extender, tell kube-scheduler', async () => {
    await startController(context);
    await startExtender(context);
  });
  await progress.step('Wait for the agents', (say) => awaitAgents(context, say));
};

/** Address at which the extender's metrics are reached from the host, such as 127.0.0.1:4711. */
export const extenderMetrics = (bed: Bed): Promise<string> => bed.reach(`127.0.0.1:${EXTENDER_METRICS_PORT}`);

const buildImage = async ({ bed, repository, signal }: BerthContext): Promise<string> => {
  await run(process.execPath, ['scripts/build.ts'], { cwd: repository, signal });
  return bed.pushImage({
    name: 'registry.bed:5000/berth:dev',
    dockerfile: join(repository, 'deploy/Dockerfile'),
    context: repository,
  });
};

const applyManifests = async ({ bed, repository }: BerthContext, image: string): Promise<void> => {
  const manifests = await bed.kubectl(['kustomize', join(repository, 'test/e2e/deploy')]);
  const crds = manifests.split(/^---$/m).filter((document) => document.includes('kind: CustomResourceDefinition'));
  await bed.kubectl(['apply', '--server-side', '-f', '-'], crds.join('---\n'));
  await bed.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
  await bed.kubectl(
    ['apply', '--server-side', '-f', '-'],
    manifests.replaceAll('image: berth:latest', `image: ${image}`),
  );
};

/** Starts a role beside the control plane, under its own service account and with exactly its rights. */
const startBeside = async (context: BerthContext, role: string, settings: Record<string, string>): Promise<void> => {
  const { bed, repository } = context;
  const kubeconfig = await bed.serviceAccountKubeconfig(NAMESPACE, `berth-${role}`);
  await bed.startBeside({
    name: `berth-${role}`,
    file: process.execPath,
    args: [join(repository, `dist/${role}.js`)],
    env: { BERTH_KUBECONFIG: kubeconfig, ...settings },
  });
};

const startController = (context: BerthContext): Promise<void> =>
  startBeside(context, 'controller', {
    BERTH_METRICS_PORT: String(CONTROLLER_METRICS_PORT),
    BERTH_CSI_SOCKET: controllerSocket(context),
  });

/** Where the controller serves CSI's Controller service, on the host. */
export const controllerSocket = ({ runDir }: BerthContext): string => join(runDir, 'controller-csi.sock');

/** Kills the controller as kill -9 does, and starts another in its place. */
export const replaceController = async (context: BerthContext): Promise<void> => {
  const controller = await findDaemon(context.runDir, 'berth-controller');
  if (controller === undefined) throw new Error('no controller runs beside the control plane');
  process.kill(controller.pid, 'SIGKILL');
  await controller.stop();
  await startController(context);
};

const startExtender = async (context: BerthContext): Promise<void> => {
  const { bed, repository, runDir, signal } = context;
  const keys = join(runDir, 'extender');
  await mkdir(keys, { recursive: true });
  await run(join(repository, 'scripts/extender-certificate'), [keys, '127.0.0.1'], { signal });
  await startBeside(context, 'extender', {
    BERTH_PORT: String(EXTENDER_PORT),
    BERTH_METRICS_PORT: String(EXTENDER_METRICS_PORT),
    BERTH_TLS_CERT: join(keys, 'tls.crt'),
    BERTH_TLS_KEY: join(keys, 'tls.key'),
  });
  const text = await readFile(join(repository, 'deploy/scheduler/kube-scheduler-config.yaml'), 'utf8');
  await bed.restartScheduler(schedulerConfig(text, join(keys, 'ca.crt')));
};

/** The users' file with this bed's address and certificate authority. */
const schedulerConfig = (text: string, caFile: string): string => {
  const config = parse(text) as { extenders: { urlPrefix: string; tlsConfig: { caFile: string } }[] };
  for (const extender of config.extenders) {
    extender.urlPrefix = `https://127.0.0.1:${EXTENDER_PORT}`;
    extender.tlsConfig.caFile = caFile;
  }
  return stringify(config);
};

const awaitAgents = async ({ bed, signal }: BerthContext, say: (detail: string) => void): Promise<void> => {
  const nodes = [...bed.nodes.keys()];
  await waitUntil(
    async () => {
      const storages = await list(bed, 'nodestorages');
      const reporting = storages.filter(({ status }) => Object.keys(status?.capacity ?? {}).length > 0);
      const drivers = await list(bed, 'csinodes');
      const registered = drivers.filter(({ spec }) => spec.drivers?.some(({ name }) => name === 'csi.storage.io'));
      if (reporting.length === nodes.length && registered.length === nodes.length) return 'done';
      return `${reporting.length} of ${nodes.length} nodes report disks, ${registered.length} are registered with kubelet`;
    },
    { timeoutMs: 300_000, signal },
  );
  say('disks reported, drivers registered');
  await bed.kubectl(['-n', NAMESPACE, 'rollout', 'status', 'daemonset/berth-agent', '--timeout=300s']);
};
