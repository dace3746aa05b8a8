import { volumeName } from '@berth/contract/names';
import type { PersistentVolumeClaim, Pod } from '@berth/kube/types';
import type { Clock } from '@berth/runtime/clock';
import { needsFreshState } from './action.ts';
import type { RunPlan } from './action-runner.ts';
import { selectedNodeOf, usesClaim } from './claim.ts';
import { type ClaimState, type PlaceClaim, planClaim } from './claim-plan.ts';
import type { ClusterReader } from './cluster-reader.ts';

export interface ClaimReconcilerOptions {
  readonly cached: ClusterReader;
  readonly fresh: ClusterReader;
  readonly waitingPods: () => readonly Pod[];
  readonly place: PlaceClaim;
  readonly noRoom: ClaimState['noRoom'];
  readonly clock: Clock;
  readonly run: RunPlan;
}

export type Reconcile = (key: string, signal: AbortSignal) => Promise<{ againAfterMs?: number } | undefined>;

/**
 * Brings a claim (`namespace/name`) one step nearer to its volume. Each step is found from what exists, so it may be
 * cut short anywhere and run again.
 */
export const createClaimReconciler = (options: ClaimReconcilerOptions): Reconcile => {
  const { cached, fresh, run } = options;
  return async (key, signal) => {
    let plan = planClaim(await readState(key, cached, options));
    if (needsFreshState(plan)) plan = planClaim(await readState(key, fresh, options));
    await run(plan, signal);
    return plan.againAfterMs === undefined ? undefined : { againAfterMs: plan.againAfterMs };
  };
};

const readState = async (
  key: string,
  reader: ClusterReader,
  { waitingPods, place, noRoom, clock }: ClaimReconcilerOptions,
): Promise<ClaimState> => {
  const [namespace = '', name = ''] = key.split('/');
  const claim = await reader.claim(namespace, name);
  if (claim === undefined) return { ...NOTHING, place, noRoom, now: clock.now() };
  const handle = volumeName(claim.metadata?.uid ?? '');
  const [storageClass, logicalVolume, persistentVolume] = await Promise.all([
    readClass(claim, reader),
    reader.logicalVolume(handle),
    reader.persistentVolumeOf(handle),
  ]);
  const nodeName = logicalVolume?.spec.nodeName ?? selectedNodeOf(claim);
  const node = nodeName === undefined ? undefined : await reader.node(nodeName);
  const pod = waitingPods().find((candidate) => usesClaim(candidate, claim));
  return { claim, storageClass, node, logicalVolume, persistentVolume, pod, place, noRoom, now: clock.now() };
};

const NOTHING = {
  claim: undefined,
  storageClass: undefined,
  node: undefined,
  logicalVolume: undefined,
  persistentVolume: undefined,
  pod: undefined,
};

const readClass = async ({ spec }: PersistentVolumeClaim, reader: ClusterReader) =>
  spec?.storageClassName ? reader.storageClass(spec.storageClassName) : undefined;
