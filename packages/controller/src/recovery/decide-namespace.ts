import type { EventRecorder } from '@berth/kube/event-recorder';
import type { Pod } from '@berth/kube/types';
import { usesClaim } from '../claim.ts';
import { decidePod } from './decide-pod.ts';
import type { RecoveryMode } from './decision.ts';
import type { HealthOptions } from './health/ask-health.ts';
import type { LostClaim } from './lost-volumes.ts';
import { applicationKeyOf, type NamespaceMembers } from './members.ts';
import { readMembers, readPods } from './namespace-members.ts';
import type { NodeTrouble } from './node-trouble.ts';
import { recordDecision } from './record-decision.ts';
import { tellOfPod } from './tell.ts';

export interface DecideOptions extends HealthOptions {
  readonly events: EventRecorder;
  readonly mode: RecoveryMode;
}

/** What a node in trouble means for one namespace. */
export interface NamespaceLoss {
  readonly namespace: string;
  /** Claims of the namespace whose volumes are on the node. */
  readonly claims: readonly LostClaim[];
  readonly nodeName: string;
  readonly trouble: NodeTrouble;
}

/** A guard that said no is asked again after this. */
const ASK_AGAIN_MS = 30_000;

/**
 * Decides about the pods of one namespace that have volumes on a node in trouble, and makes a record for at most one pod of each
 * application cluster. Returns the milliseconds after which to look again; infinite when only a change can tell more.
 */
export const decideNamespace = async (
  options: DecideOptions,
  loss: NamespaceLoss,
  signal: AbortSignal,
): Promise<number> => {
  if (isOfNoUse(loss.claims, loss)) return Number.POSITIVE_INFINITY;
  const pods = await readPods(options.client, loss.namespace, signal);
  const applications = new Set(pods.filter((pod) => lostBy(pod, loss).length > 0).map(applicationKeyOf));
  const waits = [ASK_AGAIN_MS];
  for (const application of applications) waits.push(await decideApplication(options, loss, application, signal));
  return Math.min(...waits);
};

/** As decideNamespace, for the pods of one application cluster. */
const decideApplication = async (
  options: DecideOptions,
  loss: NamespaceLoss,
  application: string,
  signal: AbortSignal,
): Promise<number> => {
  // Read anew for each, since deciding about the one before took its time.
  const members = await readMembers(options.client, loss.namespace, signal);
  let againMs = ASK_AGAIN_MS;
  for (const pod of members.pods.filter((each) => applicationKeyOf(each) === application)) {
    const volumes = lostBy(pod, loss);
    if (volumes.length === 0 || startsAgain(pod, volumes, members)) continue;
    const decision = await decidePod(options, { ...loss, pod, volumes, members }, signal);
    if (decision.kind === 'wait') againMs = Math.min(againMs, decision.ms);
    if (decision.kind === 'refuse') {
      tellOfPod(options.events, pod, { reason: 'RecoveryRefused', message: decision.sentence });
    }
    if (decision.kind === 'act') {
      await recordDecision(options, { nodeName: loss.nodeName, pod, volumes, ...decision }, signal);
      // The next one is decided with what is then known of this one.
      break;
    }
  }
  return againMs;
};

/** The pod's volumes on the node; none when the pod is elsewhere, or when nothing could come of deciding. */
const lostBy = (pod: Pod, loss: NamespaceLoss): readonly LostClaim[] => {
  if (pod.spec?.nodeName && pod.spec.nodeName !== loss.nodeName) return [];
  const volumes = loss.claims.filter(({ claim }) => usesClaim(pod, claim));
  return isOfNoUse(volumes, loss) ? [] : volumes;
};

/** Whoever asks for the removal of a node wants to know what stays; of other trouble people know already. */
const isOfNoUse = (lost: readonly LostClaim[], { trouble }: NamespaceLoss): boolean =>
  lost.every(({ due }) => due.kind === 'never' && trouble.kind !== 'removal');

/**
 * Whether the pod is the new one already, and waits only for its old claims to be gone. A pod that has a node keeps its
 * claims from going for as long as it is there, whoever deleted them, so one with a node is decided about all the same.
 */
const startsAgain = ({ spec }: Pod, volumes: readonly LostClaim[], { givenUp }: NamespaceMembers): boolean =>
  !spec?.nodeName &&
  volumes.every(({ claim, claimUid }) => claim.metadata?.deletionTimestamp !== undefined || givenUp.has(claimUid));
