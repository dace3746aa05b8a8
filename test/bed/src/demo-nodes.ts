import type { DiskSpec } from './node/disk.ts';
import type { NodeSpec } from './node/node.ts';

/** The nodes of a bed that a person plays with: node-1, node-2, ... each in a rack of its own. */
export function demoNodes(count: number): readonly NodeSpec[] {
  if (!Number.isInteger(count) || count < 0 || count > 26) throw new Error('the number of nodes is 0 to 26');
  return Array.from({ length: count }, (_, at) => ({
    name: `node-${at + 1}`,
    rack: `rack-${String.fromCharCode('a'.charCodeAt(0) + at)}`,
    disks: demoDisks(),
  }));
}

/** Two NVMe disks, one SSD and one rotating disk; the files behind them are sparse. */
export function demoDisks(): readonly DiskSpec[] {
  return [
    { name: 'nvme-0', medium: 'nvme', size: '16G', slot: 0 },
    { name: 'nvme-1', medium: 'nvme', size: '16G', slot: 1 },
    { name: 'ssd-0', medium: 'ssd', size: '16G', slot: 0 },
    { name: 'hdd-0', medium: 'hdd', size: '32G', slot: 1 },
  ];
}
