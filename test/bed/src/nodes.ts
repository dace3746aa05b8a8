import { join } from 'node:path';
import type { BedParts } from './bed-parts.ts';
import { nextIndex, type PlacedNode, readState, writeState } from './bed-state.ts';
import { createJoinMaterial } from './control-plane/join-material.ts';
import { labelRack, waitForNodes } from './kubectl.ts';
import { attachNode } from './node/attach.ts';
import type { Node, NodeSpec } from './node/node.ts';
import { startNode } from './node/start.ts';
import { withLock } from './process/lock.ts';

const readyTimeoutMs = 300_000;

/** Starts the machine of a node with all it needs to join; returns before it is Ready. */
export async function launchNode(
  parts: BedParts,
  { spec, index }: PlacedNode,
  options: { toBeSaved?: boolean } = {},
): Promise<Node> {
  const { network, plane } = parts;
  const join = await createJoinMaterial(plane.pki, { name: spec.name, index });
  return startNode(nodeContext(parts), { spec, index, image: parts.image(), network, join, ...options });
}

/** Returns when the nodes are Ready and carry their rack's label. `since` is a moment before their kubelets started. */
export async function awaitNodes(parts: BedParts, nodes: readonly PlacedNode[], since: number): Promise<void> {
  const names = nodes.map(({ spec }) => spec.name);
  await waitForNodes(parts.kubectl, names, { since, timeoutMs: readyTimeoutMs, signal: parts.context.signal });
  await Promise.all(nodes.map(({ spec }) => labelRack(parts.kubectl, spec.name, spec.rack)));
}

/** Starts one more node of a bed that is up, and returns when it is Ready. */
export async function addNode(parts: BedParts, spec: NodeSpec): Promise<Node> {
  const since = Date.now();
  const placed = await reserve(parts, spec);
  return parts.context.progress.step(`Add node ${spec.name}`, async () => {
    const node = await launchNode(parts, placed);
    await awaitNodes(parts, [placed], since);
    return node;
  });
}

/** The nodes of a bed that is up. */
export function openNodes(parts: BedParts, placed: readonly PlacedNode[]): Promise<Node[]> {
  return Promise.all(placed.map(({ spec }) => attachNode(nodeContext(parts), spec.name)));
}

/** Gives the node a number and records it, also against another process that adds one at the same time. */
function reserve(parts: BedParts, spec: NodeSpec): Promise<PlacedNode> {
  return withLock(join(parts.runDir, 'state.lock'), parts.context.signal, async () => {
    const state = await readState(parts.runDir);
    if (state === undefined) throw new Error(`bed ${parts.name} is not up`);
    if (state.nodes.some((node) => node.spec.name === spec.name)) {
      throw new Error(`bed ${parts.name} has a node named ${spec.name} already`);
    }
    const placed = { spec, index: nextIndex(state.nodes) };
    await writeState(parts.runDir, { ...state, nodes: [...state.nodes, placed] });
    return placed;
  });
}

/** What the operations of a node need to know of its bed. */
export function nodeContext({ runDir, logDir, context }: BedParts) {
  return { runDir, logDir, signal: context.signal };
}
