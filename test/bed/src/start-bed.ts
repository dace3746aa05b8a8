import { type Bed, type BedSpec, createBed } from './bed.ts';
import { assembleParts, type BedContext, type BedParts } from './bed-parts.ts';
import { type BedState, checkNames, inspectBed, writeState } from './bed-state.ts';
import { clearBed, rotateLogs } from './clear-bed.ts';
import { freePort, startForwarding } from './forwarding.ts';
import { ensureNodeImage } from './image/image.ts';
import { startRegistry } from './image/registry-process.ts';
import { createNetwork } from './network.ts';
import { awaitNodes, launchNode } from './nodes.ts';
import { preflight } from './preflight.ts';
import { identify } from './process/process-table.ts';
import { ensureTools } from './tools.ts';

export interface StartOptions {
  /** Leave the bed running when this process ends. Otherwise the next start of the same name clears what this one left. */
  leaveRunning?: boolean;
}

/**
 * Starts a cluster and returns when all its nodes are Ready. Clears what a killed process left under the same name first.
 * Throws, having ended and removed all it started, when anything fails or the signal is aborted; and at once when the bed is up.
 */
export async function startBed(context: BedContext, spec: BedSpec, options: StartOptions = {}): Promise<Bed> {
  const { paths, progress, signal } = context;
  const nodes = spec.nodes.map((node, at) => ({ spec: node, index: at + 1 }));
  checkNames(
    spec.name,
    spec.nodes.map(({ name }) => name),
  );
  await preflight({ cache: paths.cache, progress, signal });
  const tools = await ensureTools({ paths, progress, signal });
  const image = await ensureNodeImage({ paths, tools, progress, signal });
  await clearRemains(context, spec.name);
  try {
    const owner = (await identify(process.pid)) ?? null;
    const state: BedState = {
      ...{ name: spec.name, phase: 'starting', owner, port: await freePort(), nodes },
      ...{ tools: { key: tools.key, files: tools.files }, image },
    };
    await writeState(paths.run(spec.name), state);
    const parts = await assembleParts(context, state);
    await startParts(parts, spec, state);
    await writeState(paths.run(spec.name), { ...state, phase: 'up', owner: options.leaveRunning ? null : owner });
    return await createBed(parts);
  } catch (error) {
    await progress.step(`Clear bed ${spec.name} after a failure`, () => clearBed(paths, spec.name));
    throw error;
  }
}

/** The bed of this name that is up, whichever process started it. Throws when there is none. */
export async function openBed(context: BedContext, name: string): Promise<Bed> {
  const standing = await inspectBed(context.paths, name);
  if (standing.kind === 'absent') throw new Error(`there is no bed ${name}; start it with "up --bed ${name}"`);
  if (standing.kind === 'remains')
    throw new Error(`bed ${name} is broken or was left by a crash; "down --bed ${name}" clears it`);
  if (standing.state.phase === 'starting') throw new Error(`bed ${name} is still starting`);
  return createBed(await assembleParts(context, standing.state));
}

async function clearRemains(context: BedContext, name: string): Promise<void> {
  const standing = await inspectBed(context.paths, name);
  if (standing.kind === 'alive') {
    const how = standing.state.phase === 'up' ? 'up' : `being started by process ${standing.state.owner?.pid}`;
    throw new Error(`bed ${name} is ${how} already; stop it with "down --bed ${name}" or use another name`);
  }
  if (standing.kind === 'remains') {
    await context.progress.step(`Clear what an earlier bed ${name} left`, () => clearBed(context.paths, name));
  } else await clearBed(context.paths, name);
  await rotateLogs(context.paths, name);
}

async function startParts(parts: BedParts, spec: BedSpec, state: BedState): Promise<void> {
  const { progress, signal } = parts.context;
  const since = Date.now();
  await createNetwork(spec.name);
  const { runDir, logDir, network } = parts;
  await startForwarding(
    { name: 'api', runDir, logDir, netns: network.netns, to: '127.0.0.1:443', port: state.port },
    signal,
  );
  await startRegistry({ runDir, logDir, network });
  await inParallel([
    () => progress.step('Start the control plane', () => parts.plane.start(spec.schedulerConfig, signal)),
    ...state.nodes.map((node) => () => progress.step(`Start node ${node.spec.name}`, () => launchNode(parts, node))),
  ]);
  if (state.nodes.length > 0)
    await progress.step('Wait for the nodes to be Ready', () => awaitNodes(parts, state.nodes, since));
}

/** Waits for all even when one fails: clearing while another still starts processes would leave those. */
async function inParallel(works: readonly (() => Promise<unknown>)[]): Promise<void> {
  const results = await Promise.allSettled(works.map((work) => work()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
