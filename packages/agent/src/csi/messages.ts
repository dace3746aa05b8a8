import type { CapacityRange, VolumeCapability } from '@berth/csi/messages';

/** Messages of the CSI specification's Node service as they arrive: camelCase, int64 as text. */
export interface StageRequest {
  readonly volumeId: string;
  readonly stagingTargetPath: string;
  readonly volumeCapability: VolumeCapability | null;
  /** The persistent volume's attributes. */
  readonly volumeContext: Readonly<Record<string, string>>;
}

export interface UnstageRequest {
  readonly volumeId: string;
  readonly stagingTargetPath: string;
}

export interface PublishRequest {
  readonly volumeId: string;
  readonly stagingTargetPath: string;
  readonly targetPath: string;
  readonly volumeCapability: VolumeCapability | null;
  readonly readonly: boolean;
}

export interface UnpublishRequest {
  readonly volumeId: string;
  readonly targetPath: string;
}

export interface StatsRequest {
  readonly volumeId: string;
  readonly volumePath: string;
}

export interface ExpandRequest {
  readonly volumeId: string;
  readonly volumePath: string;
  readonly capacityRange: CapacityRange | null;
  readonly volumeCapability: VolumeCapability | null;
}

export interface VolumeUsage {
  readonly available?: number;
  readonly total: number;
  readonly used?: number;
  readonly unit: 'BYTES' | 'INODES';
}

export interface VolumeCondition {
  readonly abnormal: boolean;
  readonly message: string;
}
