import { AppError } from '@berth/contract/errors';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { KubeClient } from '@berth/kube/client';
import { LOGICAL_VOLUMES } from '@berth/kube/resources';
import { isManagedByCsi } from '../logical-volume.ts';

/** Deletes the very object that was looked at: Aborted when it has changed since. */
export const deletePrecisely = (
  client: KubeClient,
  { metadata }: LogicalVolume,
  signal: AbortSignal,
): Promise<void> => {
  const { name, uid, resourceVersion } = metadata;
  const preconditions = {
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
  };
  return client.delete(LOGICAL_VOLUMES, { name }, preconditions, signal);
};

/** Throws FailedPrecondition for a volume that the controller made for a claim: what becomes of it follows the claim. */
export const refuseForClaims = (volume: LogicalVolume): void => {
  if (isManagedByCsi(volume)) return;
  const { namespace, name } = volume.spec.claim;
  throw new AppError(
    'FailedPrecondition',
    `volume ${volume.metadata.name} was made for claim ${namespace}/${name}, not by a call; change or delete the claim`,
  );
};
