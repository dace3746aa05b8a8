import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeImage } from './image/node-image.ts';
import type { NodeSpec } from './node/node.ts';
import type { Paths } from './paths.ts';
import { isStillRunning, type ProcessIdentity } from './process/process-table.ts';
import type { Tools } from './tools.ts';

/** What a later process must know in order to work with a bed that is up. */
export interface BedState {
  readonly name: string;
  /** 'starting' until all nodes are Ready. */
  readonly phase: 'starting' | 'up';
  /** The process that the bed must not outlive; null once it is meant to be left running. */
  readonly owner: ProcessIdentity | null;
  /** Port of 127.0.0.1 that leads to the API server. */
  readonly port: number;
  readonly nodes: readonly PlacedNode[];
  /** What it was started with, so that later commands don't build anew when sources have changed since. */
  readonly tools: Pick<Tools, 'key' | 'files'>;
  /** Absent for a bed that was started without nodes. */
  readonly image?: NodeImage;
}

/** A node and its number in the bed, from which its addresses follow. */
export interface PlacedNode {
  readonly spec: NodeSpec;
  /** From 1. */
  readonly index: number;
}

/** What is found under a bed's name. */
export type Standing =
  | { readonly kind: 'absent' }
  /** Its owner lives, or it is meant to be left running and its control plane runs. */
  | { readonly kind: 'alive'; readonly state: BedState }
  /** Left by a process that was killed, or broken since. */
  | { readonly kind: 'remains'; readonly state: BedState | undefined };

/** The state as last written; undefined if there is none or it can't be read. */
export async function readState(runDir: string): Promise<BedState | undefined> {
  try {
    return JSON.parse(await readFile(stateFile(runDir), 'utf8')) as BedState;
  } catch {
    return undefined;
  }
}

/** Replaces the state at once, never leaving half a file. */
export async function writeState(runDir: string, state: BedState): Promise<void> {
  await mkdir(runDir, { recursive: true });
  await writeFile(`${stateFile(runDir)}.new`, JSON.stringify(state, undefined, 2));
  await rename(`${stateFile(runDir)}.new`, stateFile(runDir));
}

/** Judges what is under a bed's name. */
export async function inspectBed(paths: Paths, name: string): Promise<Standing> {
  const runDir = paths.run(name);
  const state = await readState(runDir);
  if (state === undefined) {
    const leftOver = await readdir(runDir).catch(() => undefined);
    return leftOver === undefined ? { kind: 'absent' } : { kind: 'remains', state };
  }
  const alive = state.owner === null ? await apiServerRuns(runDir) : await isStillRunning(state.owner);
  return { kind: alive ? 'alive' : 'remains', state };
}

/** Names of all beds that left something in the run directory, up or not. */
export async function listBeds(paths: Paths): Promise<readonly string[]> {
  return readdir(paths.run('.')).catch(() => []);
}

/** The lowest number no node has. */
export function nextIndex(nodes: readonly PlacedNode[]): number {
  const taken = new Set(nodes.map(({ index }) => index));
  let index = 1;
  while (taken.has(index)) index += 1;
  return index;
}

/** Throws when a bed of these names can't be: names end up in host names, file names and the kernel's. */
export function checkNames(bed: string, nodes: readonly string[]): void {
  for (const name of [bed, ...nodes]) {
    if (!/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name)) {
      throw new Error(`"${name}" must be 1 to 32 lower-case letters, digits and "-", and begin and end without "-"`);
    }
  }
  const twice = nodes.find((name, at) => nodes.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`two nodes are named "${twice}"; each needs a name of its own`);
}

function stateFile(runDir: string): string {
  return join(runDir, 'state.json');
}

async function apiServerRuns(runDir: string): Promise<boolean> {
  try {
    const record = JSON.parse(await readFile(join(runDir, 'pids', 'kube-apiserver.json'), 'utf8')) as ProcessIdentity;
    return await isStillRunning(record);
  } catch {
    return false;
  }
}
