import type { Bed } from '@berth/bed/bed';
import { readEnvironment } from '@berth/bed/environment';
import { openBed } from '@berth/bed/start-bed';
import { bedContext } from '@berth/e2e/bed-context';
import type { BerthContext } from '@berth/e2e/beside';
import type { KubeClient } from '@berth/kube/client';
import { connectKube } from '@berth/kube/connect';
import { systemClock } from '@berth/runtime/clock';

/** Several runs may go on at once, each with a bed of its own. */
export const PLANE_BED = readEnvironment().bed ?? 'plane';

/** Shorter times than people would want, and what is off unless an operator wants it. */
export const CONTROLLER_SETTINGS = {
  BERTH_NODE_DELETED_GRACE_SECONDS: '10',
  BERTH_NODE_LOST_GRACE_SECONDS: '60',
  BERTH_ORPHAN_GRACE_SECONDS: '5',
  BERTH_HEALTH_CHECKS: 'on',
};

/** The control plane that the global set-up started, as an administrator sees it. */
export interface Plane {
  readonly bed: Bed;
  readonly client: KubeClient;
  readonly berth: BerthContext;
}

export const openPlane = async (): Promise<Plane> => {
  const context = bedContext(() => {}, new AbortController().signal);
  const { paths, progress, signal } = context;
  const bed = await openBed(context, PLANE_BED);
  const berth = { bed, repository: paths.repository, runDir: paths.run(PLANE_BED), progress, signal };
  return { bed, berth, client: await connectKube(bed.kubeconfig, systemClock) };
};
