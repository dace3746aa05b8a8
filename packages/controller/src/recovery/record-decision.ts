import { hasCode } from '@berth/contract/errors';
import type { KubeClient } from '@berth/kube/client';
import type { EventRecorder } from '@berth/kube/event-recorder';
import { VOLUME_RECOVERIES } from '@berth/kube/resources';
import { buildRecovery, type RecoveryInput } from './recovery-record.ts';
import { tellOfPod } from './tell.ts';

export interface RecordOptions {
  readonly client: KubeClient;
  readonly events: EventRecorder;
}

/** Makes the record of a decision and tells of it, once: nothing happens when there is one already. */
export const recordDecision = async (
  { client, events }: RecordOptions,
  input: Omit<RecoveryInput, 'attempt'>,
  signal: AbortSignal,
): Promise<void> => {
  if (!(await createRecord(client, { ...input, attempt: 1 }, signal))) return;
  const [reason, next] = input.dryRun
    ? ['RecoveryDryRun', 'would give the data up, and start the pod again with empty volumes']
    : ['RecoveryDecided', 'giving the data up; the pod starts again with empty volumes'];
  tellOfPod(events, input.pod, { reason, message: `${input.reason}: ${next}` });
};

/** False when there is one already. One that was cancelled stands for itself: the node was back, and is gone again. */
const createRecord = async (client: KubeClient, input: RecoveryInput, signal: AbortSignal): Promise<boolean> => {
  const recovery = buildRecovery(input);
  try {
    await client.create(VOLUME_RECOVERIES, recovery, signal);
    return true;
  } catch (thrown) {
    if (!hasCode(thrown, 'AlreadyExists')) throw thrown;
  }
  const present = await client.get(VOLUME_RECOVERIES, { name: recovery.metadata.name }, signal);
  if (present?.status?.phase !== 'Cancelled') return false;
  return createRecord(client, { ...input, attempt: input.attempt + 1 }, signal);
};
