import { volumeName } from '@berth/contract/names';
import { parseClassParameters } from '@berth/contract/volume-request';
import type { PlaceClaim } from './claim-plan.ts';
import type { PlaceVolume } from './volume-placement.ts';

/** Chooses nodes for claims with volumeBindingMode Immediate, which no scheduler sees. */
export const createImmediatePlacement =
  (place: PlaceVolume): PlaceClaim =>
  ({ claim, storageClass, request }) => {
    if (storageClass.allowedTopologies?.length) return { reason: TOPOLOGIES };
    const { namespace, name, uid = '' } = claim.metadata ?? {};
    const { policy } = parseClassParameters(storageClass.parameters);
    return place({ volume: volumeName(uid), owner: `${namespace}/${name}`, request, policy });
  };

const TOPOLOGIES =
  'allowedTopologies is not supported with volumeBindingMode Immediate; use volumeBindingMode WaitForFirstConsumer';
