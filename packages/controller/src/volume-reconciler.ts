import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { PersistentVolume, PersistentVolumeClaim } from '@berth/kube/types';
import type { Clock } from '@berth/runtime/clock';
import { needsFreshState } from './action.ts';
import type { RunPlan } from './action-runner.ts';
import type { Reconcile } from './claim-reconciler.ts';
import type { ClusterReader } from './cluster-reader.ts';
import { planVolume, type VolumeState } from './volume-plan.ts';

export interface VolumeReconcilerOptions {
  readonly cached: ClusterReader;
  readonly fresh: ClusterReader;
  readonly clock: Clock;
  readonly vanishedClaims: ReadonlySet<string>;
  readonly run: RunPlan;
  readonly orphanGraceMs: number;
}

/** Brings a volume (by its handle, the name of its LogicalVolume) one step further on its way out, if it is on it. */
export const createVolumeReconciler = (options: VolumeReconcilerOptions): Reconcile => {
  const { cached, fresh, run } = options;
  return async (handle, signal) => {
    let plan = planVolume(await readState(handle, cached, options));
    if (needsFreshState(plan)) plan = planVolume(await readState(handle, fresh, options));
    await run(plan, signal);
    return plan.againAfterMs === undefined ? undefined : { againAfterMs: plan.againAfterMs };
  };
};

const readState = async (
  handle: string,
  reader: ClusterReader,
  { clock, orphanGraceMs, vanishedClaims }: VolumeReconcilerOptions,
): Promise<VolumeState> => {
  const [logicalVolume, persistentVolume] = await Promise.all([
    reader.logicalVolume(handle),
    reader.persistentVolumeOf(handle),
  ]);
  const [claim, node] = await Promise.all([
    readClaim(reader, persistentVolume, logicalVolume),
    logicalVolume && reader.node(logicalVolume.spec.nodeName),
  ]);
  const nodeExists = node !== undefined;
  const claimVanished = vanishedClaims.has(logicalVolume?.spec.claim.uid ?? '');
  return { logicalVolume, persistentVolume, claim, claimVanished, nodeExists, now: clock.now(), orphanGraceMs };
};

/** A claim of the same name with another uid is another claim. */
const readClaim = async (
  reader: ClusterReader,
  persistentVolume: PersistentVolume | undefined,
  logicalVolume: LogicalVolume | undefined,
): Promise<PersistentVolumeClaim | undefined> => {
  const reference = persistentVolume ? persistentVolume.spec?.claimRef : logicalVolume?.spec.claim;
  if (!reference?.namespace || !reference.name) return undefined;
  const claim = await reader.claim(reference.namespace, reference.name);
  // A claimRef without uid is a reservation made by hand: any claim of that name may take it.
  return reference.uid === undefined || claim?.metadata?.uid === reference.uid ? claim : undefined;
};
