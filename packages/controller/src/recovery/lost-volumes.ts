import { CONFIRM_DATA_LOSS_ANNOTATION } from '@berth/contract/names';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { parseClassParameters, type RecoveryPolicy } from '@berth/contract/volume-request';
import type { PersistentVolumeClaim, StorageClass } from '@berth/kube/types';
import { markedAt, NODE_GONE_SINCE } from '../mark.ts';
import type { LostVolume } from './decision.ts';
import { dueFor, type RecoveryTimes } from './due.ts';
import type { NodeTrouble } from './node-trouble.ts';

/** A volume on a node in trouble, with the claim that is bound to it. */
export interface LostClaim extends LostVolume {
  readonly claim: PersistentVolumeClaim;
  readonly logicalVolume: LogicalVolume;
  readonly volumeName: string;
}

/** What the class says about recovery; a class that is gone or wrong says none. */
export const recoveryPolicyOf = (storageClass: StorageClass | undefined): RecoveryPolicy => {
  try {
    return storageClass === undefined ? 'none' : parseClassParameters(storageClass.parameters).recovery;
  } catch {
    return 'none';
  }
};

export interface LossInput {
  readonly claim: PersistentVolumeClaim;
  readonly logicalVolume: LogicalVolume;
  readonly policy: RecoveryPolicy;
  readonly trouble: NodeTrouble;
  readonly now: Date;
  readonly times: RecoveryTimes;
}

export const lostClaim = ({ claim, logicalVolume, policy, trouble, now, times }: LossInput): LostClaim => {
  const { name = '', uid = '', annotations } = claim.metadata ?? {};
  const goneSinceMs = markedAt(logicalVolume, NODE_GONE_SINCE);
  return {
    claim,
    logicalVolume,
    volumeName: logicalVolume.metadata.name,
    claimName: name,
    claimUid: uid,
    due: dueFor({ policy, trouble, goneSinceMs, nowMs: now.getTime(), times }),
    isConfirmed: annotations?.[CONFIRM_DATA_LOSS_ANNOTATION] === uid,
  };
};
