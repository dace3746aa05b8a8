import { join } from 'node:path';
import type { BedParts } from './bed-parts.ts';
import { readState } from './bed-state.ts';
import { clearBed } from './clear-bed.ts';
import type { ControlPlane } from './control-plane/control-plane.ts';
import { freePort, startForwarding } from './forwarding.ts';
import { type PushRequest, pushImage } from './image/push.ts';
import type { Kubectl } from './kubectl.ts';
import type { Node, NodeSpec } from './node/node.ts';
import { addNode, openNodes } from './nodes.ts';
import type { Daemon } from './process/spawn.ts';
import { startDaemon } from './process/spawn.ts';
import { writeServiceAccountKubeconfig } from './service-account.ts';
import type { Tools } from './tools.ts';

export interface BedSpec {
  name: string;
  nodes: readonly NodeSpec[];
  /** KubeSchedulerConfiguration; the bed sets its kubeconfig and leader election. Without it, the default scheduler. */
  schedulerConfig?: string;
}

export interface BesideOptions {
  /** Unique in the bed; also the name of its log file. */
  name: string;
  file: string;
  args: readonly string[];
  /** Added to the environment of this process. */
  env?: Record<string, string>;
}

/** A cluster that is up: a real control plane in a network namespace of its own, and virtual machines as nodes. */
export interface Bed {
  readonly name: string;
  /** Administrator's kubeconfig. Its server, 127.0.0.1:PORT, is right on the host and in the bed's namespace alike. */
  readonly kubeconfig: string;
  readonly controlPlane: ControlPlane;
  /** The programs it runs, kubectl among them. */
  readonly tools: Tools;
  /** By name. A node added through this bed appears here. */
  readonly nodes: ReadonlyMap<string, Node>;
  /** Directory with one log file for each process. */
  readonly logs: string;
  /** Standard output of kubectl; throws an Error with its standard error when it fails. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** Starts another node and returns when it is Ready. */
  addNode(spec: NodeSpec): Promise<Node>;
  /** Path of a kubeconfig whose token (TokenRequest, 24 h) is that of an existing service account. */
  serviceAccountKubeconfig(namespace: string, name: string): Promise<string>;
  /**
   * Starts a process beside the control plane, in the bed's namespace: what it serves on 127.0.0.1:P the scheduler reaches as
   * 127.0.0.1:P, nodes and pods reach what it serves on 0.0.0.0:P as 10.90.0.1:P, and the host through `reach`. It ends with the bed.
   */
  startBeside(options: BesideOptions): Promise<Daemon>;
  /** Makes an address of the namespace (HOST:PORT, also that of a node or pod) reachable from the host; gives `127.0.0.1:PORT`. */
  reach(address: string): Promise<string>;
  restartScheduler(configYaml: string | undefined): Promise<void>;
  /** Builds a Dockerfile and puts the image into the registry that nodes pull from; gives its reference with digest. */
  pushImage(request: PushRequest): Promise<string>;
  /** Ends everything and removes it, except the logs. Stopping twice is harmless. */
  stop(): Promise<void>;
}

/** Puts the handle of a running bed together. */
export async function createBed(parts: BedParts): Promise<Bed> {
  const { context, name, runDir, logDir, network, plane, kubectl } = parts;
  const state = await readState(runDir);
  const nodes = new Map<string, Node>((await openNodes(parts, state?.nodes ?? [])).map((node) => [node.name, node]));
  return {
    name,
    kubeconfig: plane.files.kubeconfig('admin'),
    controlPlane: plane,
    tools: parts.tools,
    nodes,
    logs: logDir,
    kubectl: (args, input) => runKubectl(kubectl, args, input),
    async addNode(spec) {
      const node = await addNode(parts, spec);
      nodes.set(node.name, node);
      return node;
    },
    serviceAccountKubeconfig: (namespace, account) =>
      writeServiceAccountKubeconfig(parts, { namespace, name: account }),
    startBeside: (options) =>
      startDaemon({ ...options, runDir, logFile: join(logDir, `${options.name}.log`), netns: network.netns }),
    async reach(address) {
      const port = await freePort();
      const forward = { name: `reach-${port}`, runDir, logDir, netns: network.netns, to: address, port };
      await startForwarding(forward, context.signal);
      return `127.0.0.1:${port}`;
    },
    restartScheduler: (configYaml) => plane.restartScheduler(configYaml, context.signal),
    pushImage: (request) => pushImage({ runDir, image: parts.image(), signal: context.signal }, request),
    stop: () => clearBed(context.paths, name),
  };
}

function runKubectl(kubectl: Kubectl, args: readonly string[], input: string | undefined): Promise<string> {
  return kubectl(args, input === undefined ? {} : { input });
}
