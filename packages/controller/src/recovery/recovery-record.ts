import { API_GROUP, API_VERSION } from '@berth/contract/names';
import type { VolumeRecovery } from '@berth/contract/resources/volume-recovery';
import type { Pod } from '@berth/kube/types';
import type { LostVolume } from './decision.ts';

export interface RecoveryInput {
  readonly nodeName: string;
  readonly pod: Pod;
  readonly volumes: readonly (LostVolume & { readonly volumeName: string })[];
  readonly reason: string;
  readonly dryRun: boolean;
  /** From 1; how often the pod was decided about, counting those that were cancelled. */
  readonly attempt: number;
}

/** The record of a decision; one for each life of a pod and attempt, so that deciding twice makes one. */
export const buildRecovery = ({ nodeName, pod, volumes, reason, dryRun, attempt }: RecoveryInput): VolumeRecovery => {
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
  return {
    apiVersion: `${API_GROUP}/${API_VERSION}`,
    kind: 'VolumeRecovery',
    metadata: { name: `${dryRun ? 'dry-run' : 'recovery'}-${uid}${attempt === 1 ? '' : `-${attempt}`}` },
    spec: {
      nodeName,
      pod: { namespace, name, uid },
      claims: volumes.map(({ claimName, claimUid, volumeName }) => ({
        name: claimName,
        uid: claimUid,
        volume: volumeName,
      })),
      reason,
      dryRun,
    },
  };
};
