import { LINEAR } from '@berth/contract/layout';
import { MEDIA, type Medium } from '@berth/contract/medium';
import { HoldLedger } from '@berth/placement/hold-ledger';
import type { Demand, NodeState } from '@berth/placement/model';
import { judge } from '@berth/placement/place';
import { DEFAULT_WEIGHTS } from '@berth/placement/score';
import { againstFloor, type Result } from '../result.ts';
import { median, randomFrom } from '../statistics.ts';
import { carinaScore, type Scoring, topolvmScore } from './rivals.ts';
import { type Asked, servers, trace } from './trace.ts';

const NODES = 60;
const TRACES = 15;
const SIZES = servers(NODES);

type Bytes = Record<Medium, number>;
/** The node that gets the pod, or undefined when none has room. */
type Chooser = (nodes: readonly Bytes[], asked: Asked) => number | undefined;

/**
 * How much of what could have been placed at best is left over when the first pod finds no room. At best: as if all
 * disks of a medium were one (the fractional bound, which no placement can beat).
 */
export const benchPacking = async (signal: AbortSignal): Promise<Result[]> => {
  const stranded = (choose: (seed: number) => Chooser) => {
    const shares = Array.from({ length: TRACES }, (_, seed) => {
      signal.throwIfAborted();
      return strandedShare(seed, choose(seed));
    });
    return median(shares) * 100;
  };
  const concentrated = stranded(() => byBerth('concentrated'));
  const topolvm = stranded((seed) => byScore(topolvmScore, seed));
  const compare = (name: string, value: number, floor: number, goal = 1) =>
    againstFloor(`packing: stranded at the first refusal, ${name}`, { value, floor, unit: '%', goal });
  return [
    compare("concentrated against TopoLVM's formula", concentrated, topolvm),
    compare(
      "concentrated against Carina's binpack",
      concentrated,
      stranded((seed) => byScore(carinaScore, seed)),
    ),
    compare(
      "spread against TopoLVM's formula",
      stranded(() => byBerth('spread')),
      topolvm,
      1.1,
    ),
  ];
};

const strandedShare = (seed: number, choose: Chooser): number => {
  const total = MEDIA.map((medium) => SIZES.reduce((sum, node) => sum + node[medium], 0));
  const used: Bytes[] = SIZES.map(nothing);
  const placed = nothing();
  for (const pod of trace(seed)) {
    const node = used[choose(used, pod) ?? -1];
    if (node === undefined) break;
    for (const bytes of [node, placed]) add(bytes, pod);
  }
  const bound = nothing();
  for (const pod of trace(seed)) {
    add(bound, pod);
    if (MEDIA.some((medium, index) => bound[medium] > (total[index] ?? 0))) break;
  }
  return 1 - sharesOf(placed, total) / sharesOf(bound, total);
};

const nothing = (): Bytes => ({ hdd: 0, ssd: 0, nvme: 0 });

const add = (bytes: Bytes, pod: Asked): void => {
  for (const medium of MEDIA) bytes[medium] += pod[medium] ?? 0;
};

/** Of all media together, each weighing the same whatever its size. */
const sharesOf = (bytes: Bytes, total: readonly number[]): number =>
  MEDIA.reduce((sum, medium, index) => sum + bytes[medium] / (total[index] ?? 1), 0) / MEDIA.length;

const byScore = (score: Scoring, seed: number): Chooser => {
  const random = randomFrom(seed);
  return (nodes, asked) => {
    const scored = nodes.flatMap((used, index) => {
      const size = SIZES[index] ?? used;
      const free = Object.fromEntries(MEDIA.map((medium) => [medium, size[medium] - used[medium]])) as Bytes;
      const fits = MEDIA.every((medium) => (asked[medium] ?? 0) <= free[medium]);
      return fits ? [{ index, score: score({ free, size, asked }) }] : [];
    });
    const best = Math.max(...scored.map((each) => each.score));
    const equals = scored.filter((each) => each.score === best);
    return equals[Math.floor(random() * equals.length)]?.index;
  };
};

const byBerth =
  (policy: 'spread' | 'concentrated'): Chooser =>
  (nodes, asked) => {
    const states = nodes.map((used, index) => stateOf(`n${index}`, used, SIZES[index] ?? used));
    const byName = new Map(states.map((state, index) => [state.name, { state, index }]));
    const demands = MEDIA.filter((medium) => asked[medium] !== undefined).map(
      (medium): Demand => ({
        claimKey: medium,
        claimUid: medium,
        medium,
        bytes: asked[medium] ?? 0,
        layout: LINEAR,
        policy,
        rackSpread: 'preferred',
      }),
    );
    const landscape = {
      node: (name: string) => byName.get(name)?.state,
      rackDomain: () => states,
      members: () => [],
      leftovers: () => [],
    };
    const question = { demands, pins: [], podUid: undefined, application: undefined, member: 'pod' };
    const ledger = new HoldLedger({ ttlMs: 1 });
    const { choices } = judge([...byName.keys()], question, { landscape, ledger, weights: DEFAULT_WEIGHTS });
    return choices[0] && byName.get(choices[0].node.name)?.index;
  };

const EXTENT = 4 * 1024 ** 2;

const stateOf = (name: string, used: Bytes, size: Bytes): NodeState => {
  const group = (medium: Medium) => ({
    medium,
    extentSize: EXTENT,
    size: size[medium],
    usable: size[medium],
    unused: size[medium] - used[medium],
  });
  const groups = { hdd: group('hdd'), ssd: group('ssd'), nvme: group('nvme') };
  return { name, rack: undefined, host: name, groups, out: undefined };
};
