import { claim, createFixture, nodeStorage, pod, storageClass, volume } from '@berth/extender/testing/fixture';
import { randomFrom } from '../statistics.ts';

export interface Play {
  /** At most this many nodes are offered. */
  readonly shortlist: number;
  readonly nodes: number;
  /** Pods for exactly which there is room: so many on each node. */
  readonly perNode: number;
  /** Pods decided while one waits for its claim to be written, and again for its volume to be made. */
  readonly lag: number;
  readonly seed: number;
}

export interface Outcome {
  readonly placed: number;
  /** Volumes that found no room on the disk; each is one more round for its pod. */
  readonly overCommits: number;
  /** Answers that no node fits, although in the end there is room for all. */
  readonly falseNos: number;
  /** How much the scheduler's own preference for the node taken falls short of its favourite, 0..1, on average. */
  readonly regret: number;
  readonly seconds: number;
  readonly calls: number;
}

const POD_GIB = 100;
/** kube-scheduler-config.yaml: an extender's 0..10 weigh as much as five of the in-tree scores of 0..100. */
const WEIGHT = 5;

/**
 * A burst played against the extender: one pod after another is filtered and scored as kube-scheduler does it; the choice
 * shows on the claim only after some more pods, the volume after some more again, and a disk that is full says no.
 */
export const playBurst = async ({ shortlist, nodes, perNode, lag, seed }: Play): Promise<Outcome> => {
  const berth = createFixture({ shortlist });
  const random = randomFrom(seed);
  const names = Array.from({ length: nodes }, (_, index) => `n${index}`);
  berth.caches.classes.put(storageClass('fast'));
  for (const name of names) berth.caches.storages.put(nodeStorage(name, perNode * POD_GIB));
  const onDisk = new Map(names.map((name) => [name, 0]));
  const waiting = Array.from({ length: nodes * perNode }, (_, index) => `p${index}`);
  for (const name of waiting) berth.caches.claims.put(claim(name, { gib: POD_GIB }));
  const later: { atTurn: number; work: () => void }[] = [];
  const counted = { placed: 0, overCommits: 0, falseNos: 0, regret: 0, calls: 0 };

  const make = (name: string, node: string) => {
    const used = onDisk.get(node) ?? 0;
    if (used === perNode) {
      counted.overCommits += 1;
      berth.caches.claims.put(claim(name, { gib: POD_GIB }));
      waiting.push(name);
      return;
    }
    onDisk.set(node, used + 1);
    counted.placed += 1;
    berth.caches.volumes.put(volume(name, node, { gib: POD_GIB }));
  };

  const decide = async (name: string, turn: number) => {
    const asked = pod(name, [name]);
    const { NodeNames } = await berth.filter(asked, names);
    const offered = NodeNames ?? [];
    counted.calls += 1;
    if (offered.length === 0) {
      counted.falseNos += 1;
      waiting.push(name);
      return;
    }
    const liking = new Map(names.map((each) => [each, 100 * random()]));
    const scores = offered.length > 1 ? await berth.prioritize(asked, offered) : [];
    const total = (node: string, score: number) => (liking.get(node) ?? 0) + WEIGHT * 10 * score;
    const ranked = scores
      .map(({ Host, Score }) => ({ Host, total: total(Host, Score) }))
      .sort((a, b) => b.total - a.total);
    const node = ranked[0]?.Host ?? offered[0] ?? '';
    counted.regret += (Math.max(...liking.values()) - (liking.get(node) ?? 0)) / 100;
    later.push({
      atTurn: turn + lag,
      work: () => berth.caches.claims.put(claim(name, { gib: POD_GIB, selectedNode: node })),
    });
    later.push({ atTurn: turn + 2 * lag, work: () => make(name, node) });
  };

  const startedMs = performance.now();
  for (let turn = 0; waiting.length > 0 || later.length > 0; turn += 1) {
    const due = later.filter(({ atTurn }) => atTurn <= turn);
    for (const each of due) later.splice(later.indexOf(each), 1);
    for (const { work } of due) work();
    const name = waiting.shift();
    if (name !== undefined) await decide(name, turn);
    // Between two pods of a burst pass some milliseconds.
    await berth.clock.advance(5);
  }
  return { ...counted, regret: counted.regret / counted.calls, seconds: (performance.now() - startedMs) / 1000 };
};
