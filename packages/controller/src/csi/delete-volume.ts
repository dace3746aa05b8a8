import { AppError, hasCode } from '@berth/contract/errors';
import { checkVolumeId } from '@berth/csi/validate';
import { agentMessage } from '../logical-volume.ts';
import { awaitVolume, type Look } from './await-volume.ts';
import type { DeleteVolumeRequest } from './messages.ts';
import type { ControllerServiceOptions } from './service.ts';
import { deletePrecisely, refuseForClaims } from './volume-object.ts';

/** An agent that runs removes a volume within seconds; then the caller asks again. Milliseconds. */
const PATIENCE_MS = 30_000;

/**
 * Removes a volume and its data, and waits until its agent has done so; Aborted when that takes long, with what the agent
 * says about it. A volume that is not there is removed already.
 */
export const deleteVolume = async (
  options: ControllerServiceOptions,
  { volumeId }: DeleteVolumeRequest,
  signal: AbortSignal,
): Promise<object> => {
  if (!isPossible(volumeId)) return {};
  let obstacle = '';
  const look: Look<object> = async (volume) => {
    if (volume === undefined) return {};
    refuseForClaims(volume);
    obstacle = `the agent of node ${volume.spec.nodeName} has not removed volume ${volumeId} yet: ${agentMessage(volume)}`;
    if (volume.metadata.deletionTimestamp === undefined) await deletePrecisely(options.client, volume, signal);
    return undefined;
  };
  const gone = await awaitVolume(options, volumeId, look, { patienceMs: PATIENCE_MS, signal });
  if (gone !== undefined) return gone;
  throw new AppError('Aborted', obstacle);
};

/** Whether any volume could have the id. Throws InvalidArgument when there is none. */
const isPossible = (volumeId: string): boolean => {
  try {
    checkVolumeId(volumeId);
    return true;
  } catch (thrown) {
    if (hasCode(thrown, 'NotFound')) return false;
    throw thrown;
  }
};
