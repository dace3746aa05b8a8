import type { DiskSpec } from './disk.ts';
import type { ExecOptions, ExecResult } from './guest-agent.ts';

export interface NodeSpec {
  /** Unique in the bed; the Kubernetes node's name. */
  name: string;
  rack: string;
  disks: readonly DiskSpec[];
  /** 2048 by default. A node of another size than the saved machine is booted instead of restored, which takes longer. */
  memoryMiB?: number;
  /** 1 by default. */
  cpus?: number;
}

/** A virtual machine that is, or was and can again be, a node of the cluster. Its state lies on disk: handles may come and go. */
export interface Node {
  readonly name: string;
  readonly rack: string;
  readonly address: string;
  /** Runs a command as root and waits for its end. An exit code other than 0 is a result, not an error. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** Writes a file (mode 0644 by default), making the directories above it. */
  writeFile(path: string, content: string, mode?: number): Promise<void>;
  /** Plugs a disk in while the node runs. A disk that was pulled before comes back with its data, in the lowest free bay unless told. */
  plugDisk(disk: DiskSpec): Promise<void>;
  /** Pulls a disk out, without asking whether it is in use. Its data is kept. */
  pullDisk(name: string): Promise<void>;
  /** Makes a plugged SCSI disk larger, to a size such as `9G`, while the node runs, and tells the guest. */
  growDisk(name: string, size: string): Promise<void>;
  /** Ends the machine at once, as when power fails. What it had not flushed is lost. Harmless when it is off. */
  powerCut(): Promise<void>;
  /** Cold boot from the node's own disks; returns when commands can be run. Fails when the node runs. */
  boot(): Promise<void>;
  /** Orderly restart of the guest; returns when commands can be run again. */
  reboot(): Promise<void>;
  /** Writes journal, kubelet's and containerd's log, kernel messages and console into `dir`, as NODE-*.log. Gives up on what a dead node can't tell. */
  collectLogs(dir: string): Promise<void>;
  /** Ends the machine. Its disks are kept until the bed is removed. Harmless when it is off. */
  stop(): Promise<void>;
}

/** Which bed a node belongs to. */
export interface NodeContext {
  /** Run directory of the bed. */
  readonly runDir: string;
  /** Directory of the bed's logs. */
  readonly logDir: string;
  readonly signal: AbortSignal;
}
