import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assembleParts, type BedContext, type BedParts } from './bed-parts.ts';
import type { BedState, PlacedNode } from './bed-state.ts';
import { rotateLogs } from './clear-bed.ts';
import { kubeletConfiguration } from './control-plane/join-material.ts';
import { freePort } from './forwarding.ts';
import { ensureCacheEntry } from './image/cache-entry.ts';
import { preloadedImages } from './image/container-images.ts';
import { contentKey } from './image/content-key.ts';
import { goldenSize } from './image/node-image.ts';
import { removeNetwork } from './network.ts';
import { saveNode } from './node/saved-node.ts';
import { nodeContext } from './nodes.ts';
import { identify } from './process/process-table.ts';
import { stopRecorded } from './process/spawn.ts';
import { startParts } from './start-parts.ts';

/**
 * The directory of a saved cluster of these nodes: etcd's data, keys, and each node's machine, Ready and without disks. Made by
 * starting such a cluster once, if it isn't in the cache. Undefined when the nodes can't be saved: none, or of another size.
 */
export async function ensureClusterSnapshot(
  context: BedContext,
  { nodes, tools, image }: Required<Pick<BedState, 'nodes' | 'tools' | 'image'>>,
): Promise<string | undefined> {
  const { memoryMiB, cpus } = goldenSize;
  const usual = nodes.every(({ spec }) => (spec.memoryMiB ?? memoryMiB) === memoryMiB && (spec.cpus ?? cpus) === cpus);
  if (nodes.length === 0 || !usual) return undefined;
  const bare = nodes.map(({ spec, index }) => ({ index, spec: { name: spec.name, rack: spec.rack, disks: [] } }));
  const key = contentKey([
    image.directory,
    tools.key,
    JSON.stringify(bare),
    kubeletConfiguration(),
    ...(await ownCode()),
  ]);
  const name = `snapshot-${key.slice(0, 8)}`;
  return ensureCacheEntry({
    root: join(context.paths.cache, 'clusters'),
    key: `cluster-${key}`,
    signal: context.signal,
    build: (directory) =>
      context.progress.step('Save a cluster of these nodes for later starts', async () => {
        const paths = { ...context.paths, run: () => directory };
        await removeNetwork(name);
        await rotateLogs(paths, name);
        const state: BedState = {
          ...{ name, phase: 'starting', owner: (await identify(process.pid)) ?? null, port: await freePort() },
          ...{ nodes: bare, tools: { key: tools.key, files: tools.files }, image },
        };
        const parts = await assembleParts({ ...context, paths }, state);
        try {
          await startParts(parts, { state, origin: { kind: 'to-be-saved' } });
          await context.progress.step('Run a pod on each node', () => warmUp(parts, bare));
          await save(parts, bare);
        } finally {
          await stopRecorded(directory);
          await removeNetwork(name);
        }
      }),
  });
}

/** What runs once before the saving is in the nodes' page cache ever after; the first pods of a bed start much faster. */
async function warmUp({ kubectl, context }: BedParts, nodes: readonly PlacedNode[]): Promise<void> {
  const pods = nodes.map(({ spec }) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `warm-up-${spec.name}`, namespace: 'default' },
    spec: {
      nodeName: spec.name,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      containers: [
        { name: 'busybox', image: preloadedImages.busybox, command: ['true'] },
        { name: 'base', image: preloadedImages.base, command: ['node', '-e', '0'] },
      ],
    },
  }));
  const { signal } = context;
  const options = { signal, timeoutMs: 320_000 };
  await kubectl(['wait', '--for=create', 'serviceaccount/default', '--timeout=60s'], options);
  await kubectl(['create', '-f', '-'], {
    signal,
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods }),
  });
  await kubectl(['wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod', '--all', '--timeout=300s'], options);
  await kubectl(['delete', 'pod', '--all', '--wait', '--timeout=300s'], options);
  await kubectl(['delete', 'events', '--all'], options);
}

async function save(parts: BedParts, nodes: readonly PlacedNode[]): Promise<void> {
  const { progress } = parts.context;
  await progress.step('Save the nodes', () =>
    Promise.all(nodes.map(({ spec }) => saveNode(nodeContext(parts), spec.name))),
  );
  await progress.step('Save the control plane', () => parts.plane.stop());
  await Promise.all(
    ['registry', 'state.json', 'api.sock'].map((path) =>
      rm(join(parts.runDir, path), { recursive: true, force: true }),
    ),
  );
}

function ownCode(): Promise<string[]> {
  const files = [
    'cluster-snapshot.ts',
    'network.ts',
    'pki.ts',
    'control-plane/arguments.ts',
    'control-plane/join-material.ts',
    'node/identity.ts',
    'node/qemu-arguments.ts',
    'node/saved-node.ts',
  ];
  return Promise.all(files.map((file) => readFile(join(import.meta.dirname, file), 'utf8')));
}
