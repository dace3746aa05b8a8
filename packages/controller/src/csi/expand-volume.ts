import { AppError } from '@berth/contract/errors';
import { parseQuantity } from '@berth/contract/quantity';
import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import { checkVolumeId } from '@berth/csi/validate';
import { LOGICAL_VOLUMES } from '@berth/kube/resources';
import { AGENT_PATIENCE_MS } from '../logical-volume.ts';
import { groupOf } from '../node-states.ts';
import { awaitVolume, type Look } from './await-volume.ts';
import { parseCapacityRange } from './capacity-range.ts';
import { nextExpansion } from './expansion.ts';
import type { ExpandVolumeRequest } from './messages.ts';
import type { ControllerServiceOptions } from './service.ts';
import { refuseForClaims } from './volume-object.ts';

export interface Expanded {
  readonly capacityBytes: number;
  readonly nodeExpansionRequired: boolean;
}

/**
 * Grows a volume on disk and waits for it; the file system is kubelet's to grow then. OutOfRange with the numbers when the
 * node has no room; the volume stays as it is. Repeatable.
 */
export const expandVolume = async (
  options: ControllerServiceOptions,
  { volumeId, capacityRange }: ExpandVolumeRequest,
  signal: AbortSignal,
): Promise<Expanded> => {
  checkVolumeId(volumeId);
  if (capacityRange === null) throw new AppError('InvalidArgument', 'capacity_range is missing');
  const range = parseCapacityRange(capacityRange);
  const look: Look<Expanded> = async (volume) => {
    if (volume === undefined) throw new AppError('NotFound', `there is no volume ${volumeId}`);
    refuseForClaims(volume);
    const step = nextExpansion(range, volume, groupOf(volume, options.caches));
    if (step.kind === 'done') {
      return { capacityBytes: step.bytes, nodeExpansionRequired: volume.spec.volumeMode !== 'Block' };
    }
    if (step.kind !== 'wait') await resize(options, volume, step.size, signal);
    if (step.kind === 'refuse') throw step.error;
    return undefined;
  };
  const expanded = await awaitVolume(options, volumeId, look, { patienceMs: AGENT_PATIENCE_MS, signal });
  if (expanded !== undefined) return expanded;
  throw new AppError('Aborted', `volume ${volumeId} has not grown yet; the LogicalVolume of this name says why`);
};

const resize = async (
  { client }: ControllerServiceOptions,
  { metadata, spec }: LogicalVolume,
  size: string,
  signal: AbortSignal,
): Promise<void> => {
  if (parseQuantity(spec.size) === parseQuantity(size)) return;
  const { name, resourceVersion } = metadata;
  await client.mergePatch(LOGICAL_VOLUMES, { name }, { metadata: { resourceVersion }, spec: { size } }, {}, signal);
};
