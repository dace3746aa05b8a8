import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { LOGICAL_VOLUMES } from '@berth/kube/resources';
import type { Caches } from '../caches.ts';
import type { Reconcile } from '../claim-reconciler.ts';
import type { ClusterReader } from '../cluster-reader.ts';
import { NODE_GONE_SINCE } from '../mark.ts';
import { type DecideOptions, decideNamespace } from './decide-namespace.ts';
import type { RecoveryTimes } from './due.ts';
import { type LostClaim, lostClaim, recoveryPolicyOf } from './lost-volumes.ts';
import { type NodeTrouble, troubleOf } from './node-trouble.ts';

export interface RecoveryOptions extends DecideOptions {
  readonly caches: Caches;
  readonly fresh: ClusterReader;
  readonly times: RecoveryTimes;
}

/**
 * Decides for a node (the key) which stateful pods give up the volumes they have there, and makes a record of each such
 * decision; nothing is deleted here. Must run one node at a time: the guards look at all members of a cluster.
 * Everything a decision rests on is read from the API just before.
 */
export const createRecoveryReconciler =
  (options: RecoveryOptions): Reconcile =>
  async (nodeName, signal) => {
    const all = options.caches.volumesOnNode(nodeName);
    if (all.length === 0) return tellIfEmpty(options, nodeName);
    const volumes = all.filter(({ metadata }) => !metadata.deletionTimestamp);
    if (!mayConcern(nodeName, volumes, options.caches)) return undefined;
    const trouble = troubleOf(await options.fresh.node(nodeName));
    if (trouble.kind !== 'deleted') await unmark(options, volumes, signal);
    if (trouble.kind === 'none') return undefined;
    const againAfterMs = await decideNode(options, { nodeName, volumes, trouble }, signal);
    return Number.isFinite(againAfterMs) ? { againAfterMs } : undefined;
  };

interface TroubledNode {
  readonly nodeName: string;
  readonly volumes: readonly LogicalVolume[];
  readonly trouble: NodeTrouble;
}

/** Milliseconds after which to look again; infinite when only a change can tell more. */
const decideNode = async (
  options: RecoveryOptions,
  { nodeName, volumes, trouble }: TroubledNode,
  signal: AbortSignal,
): Promise<number> => {
  const lost = await findLost(options, volumes, trouble);
  for (const { due, logicalVolume } of lost) {
    if (due.kind === 'mark') await mark(options, logicalVolume, signal);
  }
  const waits: number[] = [];
  for (const [namespace, claims] of Map.groupBy(lost, ({ claim }) => claim.metadata?.namespace ?? '')) {
    waits.push(await decideNamespace(options, { namespace, claims, nodeName, trouble }, signal));
  }
  return Math.min(...waits);
};

const tellIfEmpty = async ({ fresh, events }: RecoveryOptions, nodeName: string): Promise<undefined> => {
  const node = await fresh.node(nodeName);
  if (node === undefined || troubleOf(node).kind !== 'removal') return;
  const message = 'no volume is left on the node; it may be drained and removed';
  const target = { apiVersion: 'v1', kind: 'Node', metadata: node.metadata };
  events.record(target, { type: 'Normal', reason: 'NodeEmpty', message });
};

/** From the caches, so that the many nodes whose volumes nobody wants recovered cost nothing. */
const mayConcern = (nodeName: string, volumes: readonly LogicalVolume[], caches: Caches): boolean =>
  volumes.some((volume) => isCovered(volume, caches)) ||
  (volumes.length > 0 && troubleOf(caches.nodes.get(nodeName)).kind === 'removal');

const isCovered = ({ spec }: LogicalVolume, { claims, classes }: Caches): boolean => {
  const claim = claims.get(`${spec.claim.namespace}/${spec.claim.name}`);
  return recoveryPolicyOf(classes.get(claim?.spec?.storageClassName ?? '')) !== 'none';
};

const findLost = async (
  { fresh, clock, times }: RecoveryOptions,
  volumes: readonly LogicalVolume[],
  trouble: NodeTrouble,
): Promise<readonly LostClaim[]> => {
  const lost: LostClaim[] = [];
  for (const logicalVolume of volumes) {
    const { namespace, name, uid } = logicalVolume.spec.claim;
    const claim = await fresh.claim(namespace, name);
    if (claim?.metadata?.uid !== uid || !claim.spec?.volumeName) continue;
    const policy = recoveryPolicyOf(await fresh.storageClass(claim.spec.storageClassName ?? ''));
    lost.push(lostClaim({ claim, logicalVolume, policy, trouble, now: clock.now(), times }));
  }
  return lost;
};

const mark = ({ client, clock }: RecoveryOptions, { metadata }: LogicalVolume, signal: AbortSignal) => {
  const { name, resourceVersion } = metadata;
  const annotations = { [NODE_GONE_SINCE]: clock.now().toISOString() };
  return client.mergePatch(LOGICAL_VOLUMES, { name }, { metadata: { resourceVersion, annotations } }, {}, signal);
};

const unmark = async ({ client }: RecoveryOptions, volumes: readonly LogicalVolume[], signal: AbortSignal) => {
  for (const { metadata } of volumes) {
    if (metadata.annotations?.[NODE_GONE_SINCE] === undefined) continue;
    const { name, resourceVersion } = metadata;
    const patch = { metadata: { resourceVersion, annotations: { [NODE_GONE_SINCE]: null } } };
    await client.mergePatch(LOGICAL_VOLUMES, { name }, patch, {}, signal);
  }
};
