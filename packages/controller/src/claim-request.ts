import { AppError } from '@berth/contract/errors';
import type { Layout } from '@berth/contract/layout';
import type { Medium } from '@berth/contract/medium';
import { parseMkfsOptions } from '@berth/contract/mkfs-options';
import { parseQuantity } from '@berth/contract/quantity';
import { checkSize, type FsType, parseClassParameters, type WipePolicy } from '@berth/contract/volume-request';
import type { PersistentVolumeClaim, StorageClass } from '@berth/kube/types';

/** What a claim, or a CSI call, asks for, checked. */
export interface VolumeRequest {
  readonly medium: Medium;
  readonly bytes: number;
  readonly volumeMode: 'Filesystem' | 'Block';
  /** Absent for Block. */
  readonly fsType?: FsType;
  readonly wipePolicy: WipePolicy;
  readonly layout: Layout;
  /** Options for mkfs with one blank between words; absent for none, and for Block. */
  readonly mkfsOptions?: string;
}

/** A local volume is on one node, so it can be mounted by one node only. */
const ACCESS_MODES = ['ReadWriteOnce', 'ReadWriteOncePod'];

/** Reads claim and class. Throws InvalidArgument with a sentence for the author of the claim. */
export const parseClaim = (claim: PersistentVolumeClaim, storageClass: StorageClass): VolumeRequest => {
  refuseAccessModes(claim);
  refuseSources(claim);
  const parameters = parseClassParameters(storageClass.parameters);
  const volumeMode = claim.spec?.volumeMode === 'Block' ? 'Block' : 'Filesystem';
  const fsType = volumeMode === 'Block' ? undefined : parameters.fsType;
  const bytes = requestedBytes(claim);
  checkSize(bytes, fsType);
  const { medium, wipePolicy, layout } = parameters;
  const format = formatFields(fsType, parameters.mkfsOptions);
  return { medium, bytes, volumeMode, wipePolicy, layout, ...format };
};

/** How the volume is to be formatted; nothing for Block. Throws InvalidArgument for options that mkfs must not be given. */
export const formatFields = (
  fsType: FsType | undefined,
  options: string,
): Pick<VolumeRequest, 'fsType' | 'mkfsOptions'> => {
  if (fsType === undefined) return {};
  const mkfsOptions = parseMkfsOptions(fsType, options).join(' ');
  return { fsType, ...(mkfsOptions !== '' && { mkfsOptions }) };
};

/** The bytes a claim asks for. Throws InvalidArgument when it does not say or what it says is not a size. */
export const requestedBytes = (claim: PersistentVolumeClaim): number => {
  const text = claim.spec?.resources?.requests?.storage;
  if (text === undefined) throw refused('the claim does not say how much it needs; set resources.requests.storage');
  return parseQuantity(text);
};

const refuseAccessModes = (claim: PersistentVolumeClaim): void => {
  const bad = (claim.spec?.accessModes ?? []).filter((mode) => !ACCESS_MODES.includes(mode));
  if (bad.length === 0) return;
  throw refused(
    `access mode ${bad.join(', ')} is not possible with a disk inside one node; use ${ACCESS_MODES.join(' or ')}`,
  );
};

const refuseSources = (claim: PersistentVolumeClaim): void => {
  const source = claim.spec?.dataSourceRef ?? claim.spec?.dataSource;
  if (source) {
    throw refused(
      `volumes cannot be filled from a ${source.kind}; make the claim without dataSource and dataSourceRef`,
    );
  }
  if (claim.spec?.volumeAttributesClassName) {
    throw refused('volume attributes classes are not supported; remove spec.volumeAttributesClassName');
  }
  if (claim.spec?.selector) {
    throw refused('a claim with a selector gets existing volumes only; remove spec.selector to have one made');
  }
};

const refused = (message: string): AppError => new AppError('InvalidArgument', message);
