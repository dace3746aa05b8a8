import { TOPOLOGY_KEY } from '@berth/contract/names';
import type { Handlers } from '@berth/csi/server';
import { required } from '@berth/csi/validate';
import { createKeyedLock, type KeyedLock } from '@berth/runtime/keyed-lock';
import { expandVolume } from './expand.ts';
import type {
  ExpandRequest,
  PublishRequest,
  StageRequest,
  StatsRequest,
  UnpublishRequest,
  UnstageRequest,
} from './messages.ts';
import { publishVolume, unpublishVolume } from './publish.ts';
import { stageVolume, unstageVolume, type VolumeTools } from './stage.ts';
import { readStats } from './stats.ts';

export interface NodeServiceOptions extends VolumeTools {
  readonly sysDir: string;
  readonly nodeName: string;
  /** Shared with whatever else works on volumes by name. */
  readonly locks: KeyedLock;
}

const CAPABILITIES = ['STAGE_UNSTAGE_VOLUME', 'GET_VOLUME_STATS', 'EXPAND_VOLUME', 'VOLUME_CONDITION'] as const;

/**
 * CSI's Node service. One call at a time per volume; a second one is Aborted at once, because kubelet repeats calls that it
 * has given up on while they still run. Our own work on the volume is waited for instead: it is short, and kubelet doubles its
 * pause after every Aborted.
 */
export const createNodeService = (options: NodeServiceOptions): Handlers => {
  const { nodeName, locks } = options;
  const calls = createKeyedLock();
  const alone = <T>(volumeId: string, work: () => Promise<T>): Promise<T> => {
    const key = required(volumeId, 'volume_id');
    return calls.tryRun(key, () => locks.run(key, work));
  };

  return {
    nodeStageVolume: (request: StageRequest, signal) =>
      alone(request.volumeId, () => stageVolume(options, request, signal)),
    nodeUnstageVolume: (request: UnstageRequest, signal) =>
      alone(request.volumeId, () => unstageVolume(options, request, signal)),
    nodePublishVolume: (request: PublishRequest, signal) =>
      alone(request.volumeId, () => publishVolume(options, request, signal)),
    nodeUnpublishVolume: (request: UnpublishRequest, signal) =>
      alone(request.volumeId, () => unpublishVolume(options, request, signal)),
    nodeExpandVolume: (request: ExpandRequest, signal) =>
      alone(request.volumeId, () => expandVolume(options, request, signal)),
    // A lock of its own: reading must not hold up an unmount, and at most one reader may hang on a dead disk.
    nodeGetVolumeStats: (request: StatsRequest, signal) =>
      alone(request.volumeId && `stats of ${request.volumeId}`, () => readStats(options, request, signal)),
    nodeGetCapabilities: async () => ({ capabilities: CAPABILITIES.map((type) => ({ rpc: { type } })) }),
    // Known without LVM and without the API: kubelet does not ask again when this fails.
    nodeGetInfo: async () => ({
      nodeId: nodeName,
      maxVolumesPerNode: 0,
      accessibleTopology: { segments: { [TOPOLOGY_KEY]: nodeName } },
    }),
  };
};
