import { setTimeout as delay } from 'node:timers/promises';
import type { Node } from '@berth/bed/node/node';
import { list } from '../api.ts';
import type { Stage } from '../demo/acts.ts';
import { logicalVolumes, nodeOf } from '../volume-facts.ts';
import { waitUntil } from '../wait.ts';
import {
  awaitPod,
  awaitSize,
  type CutPod,
  deletePod,
  findLostFiles,
  growClaim,
  makePod,
  writeFlushed,
} from './pods.ts';

const MINUTE_MS = 60_000;
/** Two disks of the bed's nodes hold thirty and a volume for each cut that is still being removed. */
const LARGEST_GIB = 20;

export interface PowerCutOptions {
  /** The node whose power is cut. */
  readonly node: string;
  /** One cut each: milliseconds from the moment when everything is begun. */
  readonly delaysMs: readonly number[];
  /** Done to the machine while it is off, told which cut it is, from 1. */
  readonly whileOff?: (cut: number) => Promise<void>;
  readonly say: (line: string) => void;
}

/**
 * Cuts a node's power again and again while on it a volume is made, one grows and is written to, and one is removed. After each cut
 * the node boots and everything has to be finished. Returns what is wrong, as sentences: files that had been flushed and are lost,
 * volumes that nobody knows any more.
 */
export const runPowerCuts = async (stage: Stage, options: PowerCutOptions): Promise<string[]> => {
  const { node, delaysMs, whileOff, say } = options;
  const keeper = await makePod(stage, 'keeper', node);
  let leaving = await makePod(stage, 'cut-0', node);
  for (const pod of [keeper, leaving]) await awaitPod(stage, pod);
  await writeFlushed(stage, keeper, 'first');

  const faults: string[] = [];
  for (const [index, delayMs] of delaysMs.entries()) {
    const cut = index + 1;
    const gib = Math.min(cut + 1, LARGEST_GIB);
    const coming = await cutDuring(stage, {
      node: nodeOf(stage.bed, node),
      keeper,
      leaving,
      cut,
      gib,
      delayMs,
      whileOff,
    });
    say(`cut ${cut} of ${delaysMs.length}: ${delayMs} ms after the beginning, ${keeper.flushed.length} files flushed`);
    await awaitPod(stage, keeper);
    await awaitPod(stage, coming);
    await awaitSize(stage, keeper, gib);
    faults.push(...(await findLostFiles(stage, keeper)), ...(await findLostFiles(stage, coming)));
    if (faults.length > 0) return faults;
    leaving = coming;
  }
  return [...faults, ...(await findLeaked(stage, node))];
};

interface Cut {
  readonly node: Node;
  readonly keeper: CutPod;
  readonly leaving: CutPod;
  readonly cut: number;
  readonly gib: number;
  readonly delayMs: number;
  readonly whileOff: PowerCutOptions['whileOff'];
}

/** Begins everything at once, cuts the power in its midst, and boots the node again. Returns the pod that was being made. */
const cutDuring = async (
  stage: Stage,
  { node, keeper, leaving, cut, gib, delayMs, whileOff }: Cut,
): Promise<CutPod> => {
  await deletePod(stage, leaving);
  await growClaim(stage, keeper, gib);
  const coming = await makePod(stage, `cut-${cut}`, node.name);
  const power = new AbortController();
  // Whoever writes when the power goes hears nothing, and counts on nothing.
  const writing = Promise.all([
    writeUntil(stage, keeper, `keeper-${cut}`, power.signal),
    writeUntil(stage, coming, `coming-${cut}`, power.signal),
  ]);
  try {
    await delay(delayMs, undefined, { signal: stage.signal });
    await node.powerCut();
  } finally {
    power.abort();
  }
  await whileOff?.(cut);
  await node.boot();
  await writing;
  await stage.bed.kubectl(['wait', '--for=condition=Ready', `node/${node.name}`, '--timeout=180s']);
  return coming;
};

const PAUSE_MS = 200;

const writeUntil = async (stage: Stage, pod: CutPod, prefix: string, power: AbortSignal): Promise<void> => {
  for (let count = 0; !power.aborted; count += 1) {
    await writeFlushed(stage, pod, `${prefix}-${count}`).catch(() => undefined);
    await delay(PAUSE_MS);
  }
};

/** Volumes on the node's disks that have no object, and objects that have no volume there, once deletions have had their time. */
const findLeaked = async (stage: Stage, nodeName: string): Promise<string[]> => {
  let faults: string[] = [];
  const look = async (): Promise<'done' | string> => {
    const objects = (await list(stage.bed, 'logicalvolumes')).filter(({ spec }) => spec.nodeName === nodeName);
    const known = objects.map(({ metadata }) => metadata.name);
    const onDisk = (await logicalVolumes(nodeOf(stage.bed, nodeName))).map(({ lv_name }) => lv_name);
    faults = [
      ...onDisk.filter((name) => !known.includes(name)).map((name) => `${name} is on the disk and has no object`),
      ...known.filter((name) => !onDisk.includes(name)).map((name) => `${name} has an object and is not on the disk`),
      ...objects
        .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
        .map(({ metadata }) => `${metadata.name} is still being removed`),
    ];
    return faults.length === 0 ? 'done' : faults.join('; ');
  };
  await waitUntil(look, { timeoutMs: 3 * MINUTE_MS, signal: stage.signal }).catch(() => undefined);
  return faults;
};
