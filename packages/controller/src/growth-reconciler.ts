import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { GroupState } from '@berth/placement/model';
import type { Clock } from '@berth/runtime/clock';
import { needsFreshState } from './action.ts';
import type { RunPlan } from './action-runner.ts';
import type { Reconcile } from './claim-reconciler.ts';
import type { ClusterReader } from './cluster-reader.ts';
import { type GrowthState, planGrowth } from './growth-plan.ts';
import { isOurs } from './persistent-volume.ts';

export interface GrowthReconcilerOptions {
  readonly cached: ClusterReader;
  readonly fresh: ClusterReader;
  /** The volume group that a logical volume is in, as last reported. */
  readonly groupOf: (logicalVolume: LogicalVolume) => GroupState | undefined;
  readonly clock: Clock;
  readonly run: RunPlan;
}

/** Brings the volume of a bound claim (`namespace/name`) one step nearer to the size that the claim asks for. */
export const createGrowthReconciler = (options: GrowthReconcilerOptions): Reconcile => {
  const { cached, fresh, run } = options;
  return async (key, signal) => {
    let plan = planGrowth(await readState(key, cached, options));
    if (needsFreshState(plan)) plan = planGrowth(await readState(key, fresh, options));
    await run(plan, signal);
    return plan.againAfterMs === undefined ? undefined : { againAfterMs: plan.againAfterMs };
  };
};

const readState = async (
  key: string,
  reader: ClusterReader,
  { clock, groupOf }: GrowthReconcilerOptions,
): Promise<GrowthState> => {
  const [namespace = '', name = ''] = key.split('/');
  const claim = await reader.claim(namespace, name);
  const volumeName = claim?.spec?.volumeName;
  const persistentVolume = volumeName ? await reader.persistentVolume(volumeName) : undefined;
  const handle = persistentVolume && isOurs(persistentVolume) ? persistentVolume.spec?.csi?.volumeHandle : undefined;
  const className = claim?.spec?.storageClassName;
  const [logicalVolume, storageClass] = await Promise.all([
    handle === undefined ? undefined : reader.logicalVolume(handle),
    handle === undefined || !className ? undefined : reader.storageClass(className),
  ]);
  const group = logicalVolume && groupOf(logicalVolume);
  return { claim, storageClass, persistentVolume, logicalVolume, group, now: clock.now() };
};
