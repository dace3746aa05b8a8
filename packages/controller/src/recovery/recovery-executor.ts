import type { VolumeRecovery } from '@berth/contract/resources/volume-recovery';
import type { KubeClient } from '@berth/kube/client';
import { CLAIMS, PODS, VOLUME_RECOVERIES } from '@berth/kube/resources';
import type { Clock } from '@berth/runtime/clock';
import type { Metrics } from '@berth/runtime/metrics';
import type { Reconcile } from '../claim-reconciler.ts';
import type { ClusterReader } from '../cluster-reader.ts';
import { isSilent, troubleOf } from './node-trouble.ts';

export interface ExecutorOptions {
  readonly client: KubeClient;
  readonly fresh: ClusterReader;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** How long a record of what is over is kept, in milliseconds. */
  readonly keepRecordsMs: number;
}

/**
 * Carries out a recorded decision (the key is the record's name): claims first, then the pod, each only if it is still
 * the very one that was decided about. A node that came back before the first deletion cancels it. What follows is
 * others' work: the set makes pod and claims again, and the old volume goes as that of any deleted claim. A record of
 * what is over is removed when it is old.
 */
export const createRecoveryExecutor = (options: ExecutorOptions): Reconcile => {
  const { client, fresh, metrics } = options;
  const done = metrics.counter('berth_controller_recoveries_total', 'Recoveries by outcome.', ['outcome']);
  return async (name, signal) => {
    const recovery = await client.get(VOLUME_RECOVERIES, { name }, signal);
    if (recovery === undefined) return undefined;
    if (recovery.spec.dryRun || isOver(recovery)) {
      if (isExpired(recovery, options)) await remove(options, recovery, signal);
      return undefined;
    }
    const trouble = troubleOf(await fresh.node(recovery.spec.nodeName));
    const isBack = trouble.kind === 'none' && recovery.status?.phase === undefined;
    if (isBack) await setPhase(options, recovery, 'Cancelled', signal);
    else await carryOut(options, recovery, isSilent(trouble), signal);
    done.inc({ outcome: isBack ? 'cancelled' : 'done' });
    return undefined;
  };
};

const carryOut = async (
  options: ExecutorOptions,
  recovery: VolumeRecovery,
  isForced: boolean,
  signal: AbortSignal,
): Promise<void> => {
  if (recovery.status?.phase === undefined) await setPhase(options, recovery, 'Started', signal);
  const { pod, claims } = recovery.spec;
  for (const claim of claims) await deleteClaim(options, pod.namespace, claim, signal);
  await deletePod(options, pod, isForced, signal);
  await setPhase(options, recovery, 'Done', signal);
};

const isOver = ({ status }: VolumeRecovery): boolean => status?.phase === 'Done' || status?.phase === 'Cancelled';

/** Looked at again with every resync, so nothing has to wake for it. */
const isExpired = ({ metadata, status }: VolumeRecovery, { clock, keepRecordsMs }: ExecutorOptions): boolean => {
  const since = Date.parse(status?.changedAt ?? metadata.creationTimestamp ?? '');
  return clock.now().getTime() - since >= keepRecordsMs;
};

const remove = ({ client }: ExecutorOptions, { metadata }: VolumeRecovery, signal: AbortSignal): Promise<void> => {
  const { name, uid } = metadata;
  return client.delete(VOLUME_RECOVERIES, { name }, uid === undefined ? {} : { uid }, signal);
};

const setPhase = (
  { client, clock }: ExecutorOptions,
  { metadata }: VolumeRecovery,
  phase: NonNullable<VolumeRecovery['status']>['phase'],
  signal: AbortSignal,
) => {
  const patch = { metadata: { uid: metadata.uid }, status: { phase, changedAt: clock.now().toISOString() } };
  return client.mergePatch(VOLUME_RECOVERIES, { name: metadata.name }, patch, { subresource: 'status' }, signal);
};

const deleteClaim = async (
  { client, fresh }: ExecutorOptions,
  namespace: string,
  { name, uid }: { readonly name: string; readonly uid: string },
  signal: AbortSignal,
): Promise<void> => {
  const claim = await fresh.claim(namespace, name);
  if (claim?.metadata?.uid !== uid || claim.metadata.deletionTimestamp) return;
  await client.delete(CLAIMS, { namespace, name }, { uid }, signal);
};

/** Where nobody can say that the pod has stopped, nobody waits for that. */
const deletePod = async (
  { client }: ExecutorOptions,
  { namespace, name, uid }: VolumeRecovery['spec']['pod'],
  isForced: boolean,
  signal: AbortSignal,
): Promise<void> => {
  const pod = await client.get(PODS, { namespace, name }, signal);
  if (pod?.metadata?.uid !== uid) return;
  await client.delete(PODS, { namespace, name }, { uid, ...(isForced && { gracePeriodSeconds: 0 }) }, signal);
};
