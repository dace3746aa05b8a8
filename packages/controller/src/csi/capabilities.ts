import { AppError } from '@berth/contract/errors';
import type { FsType } from '@berth/contract/volume-request';
import type { VolumeCapability } from '@berth/csi/messages';
import { usageOf } from '@berth/csi/validate';
import type { VolumeRequest } from '../claim-request.ts';

export interface VolumeKind {
  readonly volumeMode: VolumeRequest['volumeMode'];
  /** Undefined for Block. */
  readonly fsType?: FsType | undefined;
  /** Of an existing or checked volume; a capability says nothing of them. */
  readonly mkfsOptions?: string | undefined;
}

/**
 * What a volume must be to be used in all these ways. Throws InvalidArgument when nothing is asked for, when no volume
 * can be all of it, or when a local volume can't be some of it. The preset file system is for capabilities that
 * name none.
 */
export const kindFor = (capabilities: readonly VolumeCapability[], preset: FsType | undefined): VolumeKind => {
  if (capabilities.length === 0) throw invalid('volume_capabilities is missing');
  const kinds = capabilities.map((capability) => kindOf(capability, preset));
  const [kind, ...others] = kinds as [VolumeKind, ...VolumeKind[]];
  const odd = others.find((other) => describeKind(other) !== describeKind(kind));
  if (odd === undefined) return kind;
  throw invalid(`one volume can't be both ${describeKind(kind)} and ${describeKind(odd)}; ask for two volumes`);
};

const kindOf = (capability: VolumeCapability, preset: FsType | undefined): VolumeKind => {
  if (!capability.block && !capability.mount) throw invalid('a volume capability must say block or mount');
  if (!capability.accessMode) throw invalid('a volume capability has no access_mode');
  const fsType = capability.mount?.fsType || preset;
  const mount = capability.mount && { ...capability.mount, fsType: fsType ?? '' };
  const usage = usageOf({ ...capability, mount: mount ?? null });
  return usage.kind === 'block' ? { volumeMode: 'Block' } : { volumeMode: 'Filesystem', fsType: usage.fsType };
};

/** The kind of a volume as a part of a sentence. */
export const describeKind = ({ volumeMode, fsType, mkfsOptions }: VolumeKind): string => {
  if (volumeMode === 'Block') return 'a block volume';
  return `a volume with ${fsType}${mkfsOptions ? ` made with ${mkfsOptions}` : ''}`;
};

const invalid = (message: string): AppError => new AppError('InvalidArgument', message);
