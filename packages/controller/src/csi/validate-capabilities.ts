import { AppError, hasCode } from '@berth/contract/errors';
import { describeLayout, layoutOf } from '@berth/contract/layout';
import { checkVolumeId } from '@berth/csi/validate';
import { LOGICAL_VOLUMES } from '@berth/kube/resources';
import { formatFields } from '../claim-request.ts';
import { describeKind, kindFor } from './capabilities.ts';
import type { ValidateVolumeCapabilitiesRequest } from './messages.ts';
import { parseOptionalParameters } from './parameters.ts';
import type { ControllerServiceOptions } from './service.ts';

/** Whether a volume can be used in all these ways; if not, the message says why. */
export const validateCapabilities = async (
  { client }: ControllerServiceOptions,
  request: ValidateVolumeCapabilitiesRequest,
  signal: AbortSignal,
): Promise<object> => {
  const { volumeContext, volumeCapabilities, parameters } = request;
  const name = checkVolumeId(request.volumeId);
  if (volumeCapabilities.length === 0) throw new AppError('InvalidArgument', 'volume_capabilities is missing');
  const volume = await client.get(LOGICAL_VOLUMES, { name }, signal);
  if (volume === undefined) throw new AppError('NotFound', `there is no volume ${name}`);
  try {
    const known = parseOptionalParameters(parameters);
    const kind = kindFor(volumeCapabilities, known?.fsType ?? volume.spec.fsType);
    const { mkfsOptions } = known ? formatFields(kind.fsType, known.mkfsOptions) : volume.spec;
    const wanted = describeKind({ ...kind, mkfsOptions });
    const has = describeKind(volume.spec);
    if (has !== wanted) return { message: `volume ${name} is ${has}, not ${wanted}` };
    if (known && known.medium !== volume.spec.medium) {
      return { message: `volume ${name} is on ${volume.spec.medium} disks, not ${known.medium}` };
    }
    const layout = describeLayout(layoutOf(volume.spec));
    if (known && describeLayout(known.layout) !== layout) {
      return { message: `volume ${name} is ${layout}, not ${describeLayout(known.layout)}` };
    }
    return { confirmed: { volumeContext, volumeCapabilities, parameters } };
  } catch (thrown) {
    if (hasCode(thrown, 'InvalidArgument')) return { message: (thrown as AppError).message };
    throw thrown;
  }
};
