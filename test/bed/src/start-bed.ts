import { type Bed, type BedSpec, createBed } from './bed.ts';
import { assembleParts, type BedContext } from './bed-parts.ts';
import { type BedState, checkNames, inspectBed, writeState } from './bed-state.ts';
import { clearBed, rotateLogs } from './clear-bed.ts';
import { ensureClusterSnapshot } from './cluster-snapshot.ts';
import { freePort } from './forwarding.ts';
import { ensureNodeImage } from './image/image.ts';
import { preflight } from './preflight.ts';
import { identify } from './process/process-table.ts';
import { pruneCache } from './prune-cache.ts';
import { copyClusterData, type Origin, startParts } from './start-parts.ts';
import { ensureTools } from './tools.ts';

export interface StartOptions {
  /** Leave the bed running when this process ends. Otherwise the next start of the same name clears what this one left. */
  leaveRunning?: boolean;
  /**
   * Let every node boot its kubelet and join. Otherwise the nodes come from a saved cluster of nodes of the same names, which is made
   * the first time and makes every later start several times faster.
   */
  fromGeneric?: boolean;
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
  // Without nodes nothing is made from it.
  const image = nodes.length > 0 ? await ensureNodeImage({ paths, tools, progress, signal }) : undefined;
  await clearRemains(context, spec.name);
  const cluster =
    image === undefined || options.fromGeneric
      ? undefined
      : await ensureClusterSnapshot(context, { nodes, tools, image });
  try {
    const owner = (await identify(process.pid)) ?? null;
    const state: BedState = {
      ...{ name: spec.name, phase: 'starting', owner, port: await freePort(), nodes },
      ...{ tools: { key: tools.key, files: tools.files }, ...(image && { image }) },
    };
    await writeState(paths.run(spec.name), state);
    if (cluster !== undefined) await copyClusterData(cluster, paths.run(spec.name));
    const parts = await assembleParts(context, state);
    const origin: Origin = cluster === undefined ? { kind: 'generic' } : { kind: 'cluster', directory: cluster };
    await startParts(parts, { state, origin, schedulerConfig: spec.schedulerConfig });
    await writeState(paths.run(spec.name), { ...state, phase: 'up', owner: options.leaveRunning ? null : owner });
    await prune(context);
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

/** A cache that can't be tidied is no reason to end a bed that is up. */
async function prune({ paths, progress }: BedContext): Promise<void> {
  const tidy = progress.step('Tidy the cache', async (say) => {
    for (const name of await pruneCache(paths, Date.now())) say(`removed ${name}`);
  });
  await tidy.catch(() => {});
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
