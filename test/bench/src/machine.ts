import { loadavg } from 'node:os';
import { cpu, mem, osInfo, system } from 'systeminformation';

/** What a measured time depends on beside the code, in a line; `loadBefore` is {@link readLoad} from before the benchmarks. */
export const describeMachine = async (loadBefore: number): Promise<string> => {
  const [processor, memory, os, computer] = [await cpu(), await mem(), await osInfo(), await system()];
  const { virtual, virtualHost } = computer;
  return [
    `${processor.cores} × ${processor.manufacturer} ${processor.brand}`,
    ...(virtual ? [`virtual${virtualHost ? ` (${virtualHost})` : ''}`] : []),
    `${(memory.total / 1024 ** 3).toFixed(0)} GiB`,
    `${os.distro} ${os.release}, Linux ${os.kernel}`,
    `Node ${process.versions.node}`,
    `load ${loadBefore.toFixed(1)} before and ${readLoad().toFixed(1)} after`,
  ].join('; ');
};

/** Processes that wanted a processor, over the last minute. */
export const readLoad = (): number => loadavg()[0] ?? 0;
