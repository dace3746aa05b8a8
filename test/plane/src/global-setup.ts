import { join } from 'node:path';
import { applyManifests } from '@berth/e2e/apply-manifests';
import { type BerthContext, bundleRoles, deployExtender, startController } from '@berth/e2e/beside';
import { setUpSuite } from '@berth/e2e/set-up-suite';
import { CONTROLLER_SETTINGS, PLANE_BED } from './plane.ts';

/** One real control plane with Berth beside it serves all tests. Vitest calls this once before them and the result once after them. */
export const setup = (): Promise<() => Promise<void>> => setUpSuite({ name: PLANE_BED, nodes: [] }, deploy);

const deploy = async (context: BerthContext): Promise<void> => {
  const { bed, repository, progress } = context;
  await progress.step('Bundle the roles', () => bundleRoles(context));
  await progress.step('Apply deploy/', () => applyManifests(bed, join(repository, 'test/plane/deploy')));
  await progress.step('Start controller and extender, tell kube-scheduler', async () => {
    await startController(context, { settings: CONTROLLER_SETTINGS });
    await deployExtender(context);
  });
};
