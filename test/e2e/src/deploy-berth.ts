import { join } from 'node:path';
import { findDaemon } from '@berth/bed/process/spawn';
import { list } from './api.ts';
import { applyManifests } from './apply-manifests.ts';
import { type BerthContext, bundleRoles, CONTROLLER, deployExtender, startController } from './beside.ts';
import { waitUntil } from './wait.ts';

/** Brings Berth into a bed the way a user would: bundle, image, `kubectl apply` of deploy/, certificate, scheduler settings. */
export const deployBerth = async (context: BerthContext): Promise<void> => {
  const { bed, repository, progress } = context;
  const image = await progress.step('Build the image', () => buildImage(context));
  await progress.step('Apply deploy/', () => applyManifests(bed, join(repository, 'test/e2e/deploy'), image));
  await progress.step('Start controller and extender, tell kube-scheduler', async () => {
    await startController(context);
    await deployExtender(context);
  });
  await progress.step('Wait for the agents', (say) => awaitAgents(context, say));
};

/** Kills the controller as kill -9 does, and starts another in its place. */
export const replaceController = async (context: BerthContext): Promise<void> => {
  const controller = await findDaemon(context.runDir, CONTROLLER);
  if (controller === undefined) throw new Error('no controller runs beside the control plane');
  process.kill(controller.pid, 'SIGKILL');
  await controller.stop();
  await startController(context);
};

const buildImage = async (context: BerthContext): Promise<string> => {
  await bundleRoles(context);
  const { bed, repository } = context;
  return bed.pushImage({
    name: 'registry.bed:5000/berth:dev',
    dockerfile: join(repository, 'deploy/Dockerfile'),
    context: repository,
  });
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
  await bed.kubectl(['-n', 'berth-system', 'rollout', 'status', 'daemonset/berth-agent', '--timeout=300s']);
};
