import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { BedParts } from './bed-parts.ts';
import type { BedState, PlacedNode } from './bed-state.ts';
import { createJoinMaterial } from './control-plane/join-material.ts';
import { startForwarding } from './forwarding.ts';
import { startRegistry } from './image/registry-process.ts';
import { createNetwork } from './network.ts';
import { resumeNode } from './node/saved-node.ts';
import { awaitNodes, launchNode, nodeContext } from './nodes.ts';

/** From what a bed's nodes are started. */
export type Origin =
  | { readonly kind: 'generic' }
  /** From the generic machine, in order to be saved. */
  | { readonly kind: 'to-be-saved' }
  /** Together with etcd's data and all keys, from the directory of a saved cluster. */
  | { readonly kind: 'cluster'; readonly directory: string };

/** Puts etcd's data and the keys of a saved cluster into the run directory; must come before the control plane is opened. */
export async function copyClusterData(directory: string, runDir: string): Promise<void> {
  for (const part of ['etcd', 'pki']) await cp(join(directory, part), join(runDir, part), { recursive: true });
}

/** Starts network, registry, control plane and nodes, and returns when all nodes are Ready. */
export async function startParts(
  parts: BedParts,
  { state, origin, schedulerConfig }: { state: BedState; origin: Origin; schedulerConfig?: string | undefined },
): Promise<void> {
  const { context, runDir, logDir, network, plane } = parts;
  const { progress, signal } = context;
  const since = Date.now();
  await createNetwork(state.name);
  const api = { name: 'api', runDir, logDir, netns: network.netns, to: '127.0.0.1:443', port: state.port };
  await startForwarding(api, signal);
  await startRegistry({ runDir, logDir, network });
  const controlPlane = progress.step('Start the control plane', () => plane.start(schedulerConfig, signal));
  await all([
    controlPlane,
    ...state.nodes.map((node) =>
      progress.step(`Start node ${node.spec.name}`, () => startNodeFrom(parts, node, origin, controlPlane)),
    ),
  ]);
  if (state.nodes.length === 0) return;
  await progress.step('Wait for the nodes to be Ready', () => awaitNodes(parts, state.nodes, since));
}

async function startNodeFrom(parts: BedParts, node: PlacedNode, origin: Origin, controlPlane: Promise<void>) {
  if (origin.kind !== 'cluster') return launchNode(parts, node, { toBeSaved: origin.kind === 'to-be-saved' });
  const { network, plane } = parts;
  const material = await createJoinMaterial(plane.pki, { name: node.spec.name, index: node.index });
  const directory = join(origin.directory, 'nodes', node.spec.name);
  const start = { ...node, image: { ...parts.image(), directory }, network, join: material };
  return resumeNode(nodeContext(parts), start, controlPlane);
}

/** Waits for all even when one fails: clearing while another still starts processes would leave those. */
async function all(works: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(works);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
