/** All that a node needs in order to join the cluster. */
export interface JoinMaterial {
  nodeName: string;
  address: string;
  podCidr: string;
  /** Absolute path in the guest to the file's content. */
  files: Record<string, { content: string; mode: number }>;
}
