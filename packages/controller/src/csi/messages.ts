import type { CapacityRange, Topology, VolumeCapability } from '@berth/csi/messages';

/** Messages of the CSI specification's Controller service as they arrive: camelCase, int64 as text. */
export interface CreateVolumeRequest {
  readonly name: string;
  readonly capacityRange: CapacityRange | null;
  readonly volumeCapabilities: readonly VolumeCapability[];
  readonly parameters: Parameters;
  readonly volumeContentSource: object | null;
  readonly accessibilityRequirements: TopologyRequirement | null;
  readonly mutableParameters: Parameters;
}

export type Parameters = Readonly<Record<string, string>>;

export interface TopologyRequirement {
  readonly requisite: readonly Topology[];
  readonly preferred: readonly Topology[];
}

export interface DeleteVolumeRequest {
  readonly volumeId: string;
}

export interface ValidateVolumeCapabilitiesRequest {
  readonly volumeId: string;
  readonly volumeContext: Parameters;
  readonly volumeCapabilities: readonly VolumeCapability[];
  readonly parameters: Parameters;
  readonly mutableParameters: Parameters;
}

export interface ListVolumesRequest {
  readonly maxEntries: number;
  readonly startingToken: string;
}

export interface GetCapacityRequest {
  readonly volumeCapabilities: readonly VolumeCapability[];
  readonly parameters: Parameters;
  readonly accessibleTopology: Topology | null;
}

export interface ExpandVolumeRequest {
  readonly volumeId: string;
  readonly capacityRange: CapacityRange | null;
}

/** A volume as callers are told of it. */
export interface Volume {
  readonly volumeId: string;
  readonly capacityBytes: number;
  readonly volumeContext: Parameters;
  readonly accessibleTopology: readonly Topology[];
}
