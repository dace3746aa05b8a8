import type { Handlers } from '@berth/csi/server';
import { required } from '@berth/csi/validate';
import type { KubeClient } from '@berth/kube/client';
import type { Clock } from '@berth/runtime/clock';
import { createKeyedLock } from '@berth/runtime/keyed-lock';
import type { Caches } from '../caches.ts';
import { nodeStatesOf } from '../node-states.ts';
import type { PlaceVolume } from '../volume-placement.ts';
import { createVolume } from './create-volume.ts';
import { deleteVolume } from './delete-volume.ts';
import { expandVolume } from './expand-volume.ts';
import { freeCapacity } from './free-capacity.ts';
import { listVolumes } from './list-volumes.ts';
import type {
  CreateVolumeRequest,
  DeleteVolumeRequest,
  ExpandVolumeRequest,
  GetCapacityRequest,
  ListVolumesRequest,
  ValidateVolumeCapabilitiesRequest,
} from './messages.ts';
import { validateCapabilities } from './validate-capabilities.ts';

export interface ControllerServiceOptions {
  readonly client: KubeClient;
  /** Started and synced. */
  readonly caches: Caches;
  readonly place: PlaceVolume;
  readonly clock: Clock;
}

const CAPABILITIES = ['CREATE_DELETE_VOLUME', 'LIST_VOLUMES', 'GET_CAPACITY', 'EXPAND_VOLUME'] as const;

/**
 * CSI's Controller service, for the standard sidecars. One call at a time per volume; a second one is Aborted at once. It
 * keeps nothing: whatever a call began is found in the LogicalVolume, so any controller process may serve any call,
 * leading or not.
 */
export const createControllerService = (options: ControllerServiceOptions): Handlers => {
  const { caches } = options;
  const calls = createKeyedLock();
  const alone = <T>(volume: string, field: string, work: () => Promise<T>): Promise<T> =>
    calls.tryRun(required(volume, field), work);

  return {
    createVolume: async (request: CreateVolumeRequest, signal) =>
      alone(request.name, 'name', () => createVolume(options, request, signal)),
    deleteVolume: async (request: DeleteVolumeRequest, signal) =>
      alone(request.volumeId, 'volume_id', () => deleteVolume(options, request, signal)),
    controllerExpandVolume: async (request: ExpandVolumeRequest, signal) =>
      alone(request.volumeId, 'volume_id', () => expandVolume(options, request, signal)),
    validateVolumeCapabilities: (request: ValidateVolumeCapabilitiesRequest, signal) =>
      validateCapabilities(options, request, signal),
    listVolumes: async (request: ListVolumesRequest) => listVolumes(caches.logicalVolumes.list(), request),
    getCapacity: async (request: GetCapacityRequest) => freeCapacity([...nodeStatesOf(caches).values()], request),
    controllerGetCapabilities: async () => ({ capabilities: CAPABILITIES.map((type) => ({ rpc: { type } })) }),
  };
};
