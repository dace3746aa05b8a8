import { AppError, hasCode } from '@berth/contract/errors';
import { footprintOf } from '@berth/contract/layout';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { LOGICAL_VOLUMES, NODES } from '@berth/kube/resources';
import { AGENT_PATIENCE_MS, newLogicalVolume } from '../logical-volume.ts';
import { groupOf } from '../node-states.ts';
import { awaitVolume, type Look } from './await-volume.ts';
import { checkLimit } from './capacity-range.ts';
import { nextStep } from './creation.ts';
import { type CreationRequest, parseCreation } from './creation-request.ts';
import type { CreateVolumeRequest, Volume } from './messages.ts';
import type { ControllerServiceOptions } from './service.ts';
import { toVolume } from './volume-message.ts';
import { deletePrecisely } from './volume-object.ts';

/**
 * Makes a volume and waits for its agent to have it on disk. A repeat with the same name finds what the first call made.
 * What was asked for and what happened is in the LogicalVolume alone, so a call cut short anywhere is taken up by the next.
 */
export const createVolume = async (
  options: ControllerServiceOptions,
  message: CreateVolumeRequest,
  signal: AbortSignal,
): Promise<{ volume: Volume }> => {
  const wanted = parseCreation(message);
  const { volumeId } = wanted;
  const look: Look<LogicalVolume> = async (volume) => {
    const step = nextStep(wanted, volume, volume === undefined || (await hasNode(options, volume, signal)));
    if (step.kind === 'done') return step.volume;
    if (step.kind === 'create') await place(options, wanted, signal);
    if (step.kind === 'drop') {
      await deletePrecisely(options.client, step.volume, signal);
      throw step.error;
    }
    return undefined;
  };
  const made = await awaitVolume(options, volumeId, look, { patienceMs: AGENT_PATIENCE_MS, signal });
  if (made !== undefined) return { volume: toVolume(made) };
  throw new AppError('Aborted', `volume ${volumeId} is not finished yet; the LogicalVolume of this name says why`);
};

const hasNode = async (
  { client }: ControllerServiceOptions,
  { spec }: LogicalVolume,
  signal: AbortSignal,
): Promise<boolean> => (await client.get(NODES, { name: spec.nodeName }, signal)) !== undefined;

const place = async (
  { client, caches, place }: ControllerServiceOptions,
  { volumeId, claim, request, range, policy, nodes }: CreationRequest,
  signal: AbortSignal,
): Promise<void> => {
  const owner = claim.name === '' ? volumeId : `${claim.namespace}/${claim.name}`;
  const choice = place({ volume: volumeId, owner, request, policy, ...nodes });
  if ('reason' in choice) throw new AppError('OutOfCapacity', choice.reason);
  const { nodeName } = choice;
  const group = groupOf({ spec: { nodeName, medium: request.medium } }, caches);
  checkLimit(footprintOf(request.layout, request.bytes, group?.extentSize ?? 1).sizeBytes, range);
  const volume = newLogicalVolume(volumeId, nodeName, request);
  const object = { ...volume, spec: { ...volume.spec, claim, managedBy: 'csi' as const } };
  try {
    await client.create(LOGICAL_VOLUMES, object, signal);
  } catch (thrown) {
    // Another process has it in hand; the next look shows what it made.
    if (!hasCode(thrown, 'AlreadyExists')) throw thrown;
  }
};
