/** Messages of the CSI specification (csi.v1) as `loadServices` gives and takes them: camelCase, int64 as text on arrival. */
export interface VolumeCapability {
  readonly block?: object | null;
  readonly mount?: { readonly fsType: string; readonly mountFlags: readonly string[] } | null;
  readonly accessMode?: { readonly mode: string } | null;
}

export interface StageRequest {
  readonly volumeId: string;
  readonly stagingTargetPath: string;
  readonly volumeCapability: VolumeCapability | null;
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
  readonly capacityRange: { readonly requiredBytes: string; readonly limitBytes: string } | null;
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
