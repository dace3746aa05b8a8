/** Messages of the CSI specification (csi.v1) that both services use, as they arrive: camelCase, int64 as text. */
export interface VolumeCapability {
  readonly block?: object | null;
  readonly mount?: { readonly fsType: string; readonly mountFlags: readonly string[] } | null;
  readonly accessMode?: { readonly mode: string } | null;
}

export interface CapacityRange {
  readonly requiredBytes: string;
  readonly limitBytes: string;
}

export interface Topology {
  readonly segments: Readonly<Record<string, string>>;
}
