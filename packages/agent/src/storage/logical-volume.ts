import type { LogicalVolume } from '@berth/contract/resources/logical-volume';
import type { KubeClient } from '@berth/kube/client';
import type { Clock } from '@berth/runtime/clock';
import { createKeyedLock, type KeyedLock } from '@berth/runtime/keyed-lock';
import type { Logger } from '@berth/runtime/logger';
import type { Host } from '../host/host.ts';
import type { Lvm } from '../lvm/command.ts';
import type { HandedOverGroups } from '../lvm/volume-group.ts';
import { provide } from './provide-volume.ts';
import { remove } from './remove-volume.ts';
import type { VolumeGroups } from './volume-groups.ts';

export interface LogicalVolumeOptions {
  readonly client: KubeClient;
  readonly host: Host;
  readonly lvm: Lvm;
  readonly locks: KeyedLock;
  readonly nodeName: string;
  readonly procDir: string;
  readonly sysDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Bytes of every group that stay free. */
  readonly reserveBytes: number;
  /** The object as last seen. */
  readonly read: (name: string) => LogicalVolume | undefined;
  /** All objects of this node. */
  readonly objects: () => readonly LogicalVolume[];
  readonly volumeGroups: VolumeGroups;
  /** The groups that are handed over, as the node has told of them. */
  readonly handedOver: () => HandedOverGroups;
  /** Told when the node's free space changed, or LVM stopped answering. */
  readonly onChange: () => void;
}

export type Outcome = { readonly againAfterMs?: number } | undefined;

/** Brings the logical volume on disk and its object together. Repeatable at any time, also after a kill at any point. */
export const createLogicalVolumeReconcile = (options: LogicalVolumeOptions) => {
  // Wiping takes hours; one at a time leaves the disks and the other workers to those who want something.
  const wiping = createKeyedLock();
  return async (name: string, signal: AbortSignal): Promise<Outcome> => {
    const object = options.read(name);
    if (object === undefined || object.spec.nodeName !== options.nodeName) return undefined;
    return options.locks.tryRun(name, () =>
      object.metadata.deletionTimestamp === undefined
        ? provide(options, object, signal)
        : remove({ ...options, wiping }, object, signal),
    );
  };
};
