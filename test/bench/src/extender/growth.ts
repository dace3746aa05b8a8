import { againstFloor, type Result } from '../result.ts';
import { median } from '../statistics.ts';
import { createCluster } from './cluster.ts';

const ROUNDS = 100;
const WARM_UP = 150;

/** How the cost of a decision grows: with the names in the request, not with the volumes in the cluster. */
export const benchGrowth = async (signal: AbortSignal): Promise<Result[]> => {
  await perName({ nodes: 1_000, volumesPerNode: 0 }, signal);
  const small = await perName({ nodes: 100, volumesPerNode: 10 }, signal);
  const middle = await perName({ nodes: 1_000, volumesPerNode: 10 }, signal);
  const large = await perName({ nodes: 5_000, volumesPerNode: 10 }, signal);
  const empty = await perName({ nodes: 5_000, volumesPerNode: 0 }, signal);
  const full = await perName({ nodes: 5_000, volumesPerNode: 50 }, signal);
  const compare = (name: string, value: number, floor: number) =>
    againstFloor(`extender: µs per name, ${name}`, { value, floor, unit: 'µs', goal: 1.5 });
  return [
    compare('1,000 nodes against 100', middle, small),
    compare('5,000 nodes against 1,000', large, middle),
    compare('5,000 nodes with 50 volumes each against none', full, empty),
  ];
};

/** Microseconds that filter and prioritize, without the network, take for each name. */
const perName = async (
  shape: { readonly nodes: number; readonly volumesPerNode: number },
  signal: AbortSignal,
): Promise<number> => {
  const { berth, names, pod } = createCluster(shape);
  const body = Buffer.from(JSON.stringify({ Pod: pod, Nodes: null, NodeNames: names }));
  const times: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    const startedMs = performance.now();
    for (const path of ['/filter', '/prioritize']) {
      await berth.app({ method: 'POST', path, headers: {}, body }, signal);
    }
    if (round >= WARM_UP) times.push(performance.now() - startedMs);
  }
  return (median(times) / shape.nodes) * 1000;
};
