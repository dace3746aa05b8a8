import { join } from 'node:path';
import type { Accelerator } from '../node/accelerator.ts';
import type { MachineSize } from '../node/qemu-arguments.ts';

/** All files that a node is started from; they are shared by nodes and never written to. */
export interface NodeImage {
  /** Directory of root disk, kernel and snapshot. */
  readonly directory: string;
  /** Directory with an OCI layout for each preloaded container image. */
  readonly containers: string;
  /** What the saved machine was saved under, and nodes must run under. */
  readonly accelerator: Accelerator;
}

/** Files of an image's directory. */
export function imageFiles(directory: string) {
  return {
    kernel: join(directory, 'vmlinuz'),
    initramfs: join(directory, 'initramfs'),
    /** Link to the program that the machine runs in. */
    emulator: join(directory, 'emulator'),
    rootDisk: join(directory, 'root.raw'),
    /** The golden machine's root disk at the moment of the snapshot. */
    goldenDisk: join(directory, 'golden.qcow2'),
    goldenMemory: join(directory, 'golden.ram'),
    goldenState: join(directory, 'golden.state'),
  };
}

/**
 * Size of the golden machine, and so of every node that is restored from it. One processor: emulated ones wait for each other, and
 * three nodes share the host's few.
 */
export const goldenSize: MachineSize = { memoryMiB: 2048, cpus: 1 };
