import type { Paths } from './paths.ts';
import type { Progress } from './progress.ts';

/** The Go programs a bed needs. */
export type ToolName =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubelet'
  | 'kubectl'
  | 'containerd'
  | 'containerd-shim-runc-v2'
  | 'ctr'
  | 'bridge'
  | 'loopback'
  | 'host-local';

export interface Tools {
  /** Absolute path of the program on the host. */
  path(name: ToolName): string;
  /** Hash of everything the programs are built from. */
  readonly key: string;
}

/** Builds what is missing in the cache. A second call with the same module files does nothing. */
export async function ensureTools(_context: { paths: Paths; progress: Progress; signal: AbortSignal }): Promise<Tools> {
  throw new Error('not yet written');
}
