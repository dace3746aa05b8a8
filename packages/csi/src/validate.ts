import { isAbsolute } from 'node:path';
import { AppError } from '@berth/contract/errors';
import { FS_TYPES, type FsType } from '@berth/contract/volume-request';
import type { VolumeCapability } from './messages.ts';

/** How a volume is used, from a checked capability. */
export type Usage =
  | { readonly kind: 'block' }
  | { readonly kind: 'filesystem'; readonly fsType: FsType; readonly flags: readonly string[] };

/** Access modes that several nodes share; a disk of one node can't. */
const SHARED = /^MULTI_NODE_/;

/** LVM's own rule for names (lvm(8)); also keeps options and paths out of command lines. */
const VOLUME_NAME = /^[A-Za-z0-9_+.][A-Za-z0-9_+.-]*$/;

/** Throws InvalidArgument when the field is empty, as CSI demands. */
export const required = (value: string, field: string): string => {
  if (value === '') throw new AppError('InvalidArgument', `${field} is missing`);
  return value;
};

/** A volume's handle. An impossible one is NotFound when it only has to be looked up. */
export const checkVolumeId = (value: string): string => {
  required(value, 'volume_id');
  if (!VOLUME_NAME.test(value) || value.length > 127) {
    throw new AppError('NotFound', `there is no volume "${value.slice(0, 130)}"`);
  }
  return value;
};

export const checkPath = (value: string, field: string): string => {
  required(value, field);
  if (!isAbsolute(value)) throw new AppError('InvalidArgument', `${field} "${value}" is not an absolute path`);
  return value;
};

/** A path at which a volume is looked for. There is none at a path that is not absolute: NotFound. */
export const checkVolumePath = (value: string): string => {
  required(value, 'volume_path');
  if (!isAbsolute(value)) throw new AppError('NotFound', `no volume is at "${value}", which is not an absolute path`);
  return value;
};

/** What a capability asks for. Throws InvalidArgument when it is missing or asks for what a local volume can't be. */
export const usageOf = (capability: VolumeCapability | null): Usage => {
  if (capability === null) throw new AppError('InvalidArgument', 'volume_capability is missing');
  const mode = capability.accessMode?.mode ?? 'UNKNOWN';
  if (SHARED.test(mode)) {
    throw new AppError('InvalidArgument', `access mode ${mode} is not possible on a local disk; use ReadWriteOnce`);
  }
  if (capability.block) return { kind: 'block' };
  const fsType = capability.mount?.fsType || FS_TYPES[0];
  const known = FS_TYPES.find((each) => each === fsType);
  if (known === undefined) {
    throw new AppError('InvalidArgument', `file system "${fsType}" is not known; use one of ${FS_TYPES.join(', ')}`);
  }
  return { kind: 'filesystem', fsType: known, flags: capability.mount?.mountFlags ?? [] };
};
