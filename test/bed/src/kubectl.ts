import { setTimeout as delay } from 'node:timers/promises';
import { run } from './process/spawn.ts';

export interface KubectlOptions {
  input?: string;
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** Runs kubectl against one cluster and gives its standard output; throws what `run` throws. */
export type Kubectl = (args: readonly string[], options?: KubectlOptions) => Promise<string>;

/** kubectl with the administrator's kubeconfig. */
export function createKubectl(program: string, kubeconfigFile: string): Kubectl {
  return async (args, options = {}) => {
    // A cache directory of its own: discovery results of another bed on the same port would mislead it.
    const cache = `${kubeconfigFile}.cache`;
    const { stdout } = await run(program, [`--kubeconfig=${kubeconfigFile}`, `--cache-dir=${cache}`, ...args], options);
    return stdout;
  };
}

interface List<T> {
  readonly items: readonly T[];
}

export interface NodeObject {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export interface LeaseObject {
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly renewTime?: string };
}

/**
 * Names of the nodes that are Ready and whose kubelet has renewed its lease since `since` (ms since 1970).
 * The condition alone may be an old one that etcd kept.
 */
export function readyNodes(nodes: readonly NodeObject[], leases: readonly LeaseObject[], since: number): Set<string> {
  const renewed = new Map(leases.map(({ metadata, spec }) => [metadata.name, Date.parse(spec?.renewTime ?? '')]));
  return new Set(
    nodes
      .filter(({ status }) => status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'))
      .map(({ metadata }) => metadata.name)
      .filter((name) => (renewed.get(name) ?? Number.NaN) >= since),
  );
}

export interface WaitOptions {
  /** Lease renewals before this moment (ms since 1970) don't count. */
  since: number;
  timeoutMs: number;
  signal: AbortSignal;
}

/** Returns when all named nodes are Ready; throws naming those that aren't when the time is up. */
export async function waitForNodes(kubectl: Kubectl, names: readonly string[], options: WaitOptions): Promise<void> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    const [nodes, leases] = await Promise.all([
      getList<NodeObject>(kubectl, ['nodes'], options.signal),
      getList<LeaseObject>(kubectl, ['leases', '-n', 'kube-node-lease'], options.signal),
    ]);
    const ready = readyNodes(nodes, leases, options.since);
    const waiting = names.filter((name) => !ready.has(name));
    if (waiting.length === 0) return;
    if (Date.now() > deadline) {
      throw new Error(`not Ready after ${options.timeoutMs / 1000} s: ${waiting.join(', ')}; the nodes' logs say why`);
    }
    await delay(500, undefined, { signal: options.signal });
  }
}

/** Sets the label that says in which rack a node is; kubelet may not set it itself. */
export async function labelRack(kubectl: Kubectl, name: string, rack: string): Promise<void> {
  await kubectl(['label', 'node', name, `topology.kubernetes.io/rack=${rack}`, '--overwrite']);
}

async function getList<T>(kubectl: Kubectl, what: readonly string[], signal: AbortSignal): Promise<readonly T[]> {
  return (JSON.parse(await kubectl(['get', ...what, '-o', 'json'], { signal })) as List<T>).items;
}
