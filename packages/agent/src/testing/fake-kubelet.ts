import { join } from 'node:path';
import type { FsType } from '@berth/contract/volume-request';
import type { SteppedAgent } from './stepped-agent.ts';

/** A volume as kubelet sees it: whether a pod wants it, and how far kubelet has come with it. */
export interface PodVolume {
  readonly name: string;
  readonly fsType: FsType;
  /** A pod on this node uses it. */
  used: boolean;
  /** What was begun has to be undone one day, also when nobody heard of its end. */
  mayBeStaged: boolean;
  mayBePublished: boolean;
  published: boolean;
  /** Bytes that the file system has been grown to; 0 when there was no need. */
  expandedBytes: number;
}

export const stagingPath = (directory: string, name: string): string => join(directory, 'kubelet', name, 'globalmount');
export const podPath = (directory: string, name: string): string => join(directory, 'kubelet', 'pods', name, 'mount');

/**
 * The part of kubelet that calls the driver: one call, repeated until it is answered with success. It unmounts what it may have
 * mounted, whatever the last answer was. Undefined when it wants nothing.
 */
export const nextCall = (
  agent: SteppedAgent,
  directory: string,
  volume: PodVolume,
  readyBytes: number,
): (() => Promise<'done' | Error>) | undefined => {
  const { name: volumeId, fsType } = volume;
  const paths = { stagingTargetPath: stagingPath(directory, volumeId), targetPath: podPath(directory, volumeId) };
  const volumeCapability = {
    ...{ mount: { fsType, mountFlags: [] }, accessMode: { mode: 'SINGLE_NODE_WRITER' } },
  };
  const call = (method: string, fields: object, onDone: () => void) => async () => {
    const answer = await agent.call(method, { volumeId, ...paths, volumeCapability, ...fields });
    if (answer === 'done') onDone();
    return answer;
  };
  const set = (fields: Partial<PodVolume>) => () => void Object.assign(volume, fields);
  if (!volume.used) {
    const unpublished = { mayBePublished: false, published: false };
    if (volume.mayBePublished) return call('nodeUnpublishVolume', {}, set(unpublished));
    return volume.mayBeStaged ? call('nodeUnstageVolume', {}, set({ mayBeStaged: false })) : undefined;
  }
  if (readyBytes === 0) return undefined;
  if (!volume.published) {
    return async () => {
      volume.mayBeStaged = true;
      const staged = await call('nodeStageVolume', { volumeContext: {} }, () => {})();
      if (staged !== 'done') return staged;
      volume.mayBePublished = true;
      const published = call('nodePublishVolume', { readonly: false }, set({ published: true }));
      return await published();
    };
  }
  if (volume.expandedBytes >= readyBytes) return undefined;
  const range = { volumePath: paths.targetPath, capacityRange: { requiredBytes: String(readyBytes), limitBytes: '0' } };
  return call('nodeExpandVolume', range, set({ expandedBytes: readyBytes }));
};
