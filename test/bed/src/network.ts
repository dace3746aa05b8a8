import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { identify } from './process/process-table.ts';
import { endProcess, run } from './process/spawn.ts';

/** The network of one bed: a namespace `berth-BED` with bridge br0 that carries 10.90.0.1/24, and a tap for each node. */
export interface Network {
  readonly netns: string;
  /** Address of the bridge, which is the control plane's address too. */
  readonly gateway: string;
  /** Makes the node's tap, or finds the one made before. */
  addTap(node: string): Promise<{ tap: string }>;
  /** A tap that isn't there is no error. */
  removeTap(tap: string): Promise<void>;
}

/** Address of the bridge in every bed: each bed has a namespace of its own. */
export const gatewayAddress = '10.90.0.1';

/** ClusterIP of the `kubernetes` Service; the bridge carries it, so that pods reach the API server without kube-proxy. */
export const kubernetesServiceAddress = '10.96.0.1';

const maxNodes = 99;

/** Address of the node with this index (from 1). */
export function nodeAddress(index: number): string {
  if (!Number.isInteger(index) || index < 1 || index > maxNodes) {
    throw new Error(`a node index lies between 1 and ${maxNodes}, not ${index}`);
  }
  return `10.90.0.${10 + index}`;
}

/** Addresses of the pods on the node with this index (from 1). */
export function nodePodCidr(index: number): string {
  return `10.244.${index}.0/24`;
}

/** Name of a bed's network namespace. */
export function namespaceOf(bed: string): string {
  return `berth-${bed}`;
}

/** Makes the namespace and the bridge in it. Nothing outside of the namespace changes. Fails if the namespace exists. */
export async function createNetwork(bed: string): Promise<Network> {
  const netns = namespaceOf(bed);
  await run('ip', ['netns', 'add', netns]);
  const podRoutes = Array.from({ length: maxNodes }, (_, offset) => offset + 1).map(
    (index) => `route add ${nodePodCidr(index)} via ${nodeAddress(index)}`,
  );
  await run('ip', ['-n', netns, '-batch', '-'], {
    input: [
      'link set lo up',
      // Always the same hardware address: nodes of a restored cluster remember it.
      'link add br0 address 52:54:00:90:00:01 type bridge',
      `addr add ${gatewayAddress}/24 dev br0`,
      `addr add ${kubernetesServiceAddress}/32 dev br0`,
      'link set br0 up',
      ...podRoutes,
      '',
    ].join('\n'),
  });
  // /proc/sys/net shows the namespace of the process that opens it.
  await run('nsenter', [`--net=/run/netns/${netns}`, '--', 'sysctl', '-q', '-w', 'net.ipv4.ip_forward=1']);
  return attachNetwork(bed);
}

/** The network of a bed that is up. */
export function attachNetwork(bed: string): Network {
  const netns = namespaceOf(bed);
  return {
    netns,
    gateway: gatewayAddress,
    async addTap(node) {
      const tap = tapName(node);
      const add = `tuntap add dev ${tap} mode tap`;
      const exists = await linkExists(netns, tap);
      await run('ip', ['-n', netns, '-batch', '-'], {
        input: `${exists ? '' : `${add}\n`}link set ${tap} master br0\nlink set ${tap} up\n`,
      });
      return { tap };
    },
    async removeTap(tap) {
      if (await linkExists(netns, tap)) await run('ip', ['-n', netns, 'link', 'del', tap]);
    },
  };
}

/** Ends every process that is left in a bed's namespace and removes it with all that is in it. Harmless when there is none. */
export async function removeNetwork(bed: string): Promise<void> {
  const netns = namespaceOf(bed);
  if (!(await namespaceExists(netns))) return;
  const { stdout } = await run('ip', ['netns', 'pids', netns]);
  await Promise.all(
    stdout
      .split('\n')
      .filter((line) => line !== '' && Number(line) !== process.pid)
      .map(async (line) => {
        const identity = await identify(Number(line));
        if (identity !== undefined) await endProcess(identity, 2_000);
      }),
  );
  await run('ip', ['netns', 'del', netns]);
}

/** A link's name has 15 characters at most (IFNAMSIZ): long node names are cut short and told apart by a hash. */
export function tapName(node: string): string {
  const plain = `tap-${node}`;
  if (plain.length <= 15) return plain;
  return `tap-${createHash('sha256').update(node).digest('hex').slice(0, 11)}`;
}

async function linkExists(netns: string, link: string): Promise<boolean> {
  const { stdout } = await run('ip', ['-n', netns, '-o', 'link', 'show']);
  return stdout.split('\n').some((line) => line.split(': ')[1] === link);
}

async function namespaceExists(netns: string): Promise<boolean> {
  return access(`/run/netns/${netns}`).then(
    () => true,
    () => false,
  );
}
