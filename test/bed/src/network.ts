/** The network of one bed: a namespace `berth-BED` with bridge br0 that carries 10.90.0.1/24, and a tap for each node. */
export interface Network {
  readonly netns: string;
  /** Address of the bridge, which is the control plane's address too. */
  readonly gateway: string;
  addTap(node: string): Promise<{ tap: string }>;
  removeTap(tap: string): Promise<void>;
}

/** Address of the node with this index (from 1). */
export function nodeAddress(index: number): string {
  return `10.90.0.${10 + index}`;
}

/** Addresses of the pods on the node with this index (from 1). */
export function nodePodCidr(index: number): string {
  return `10.244.${index}.0/24`;
}
