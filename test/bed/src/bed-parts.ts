import type { BedState } from './bed-state.ts';
import { type ControlPlane, openControlPlane } from './control-plane/control-plane.ts';
import type { NodeImage } from './image/node-image.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';
import { attachNetwork, type Network } from './network.ts';
import type { Paths } from './paths.ts';
import type { Progress } from './progress.ts';
import { createTools, type Tools } from './tools.ts';

export interface BedContext {
  paths: Paths;
  progress: Progress;
  /** Ends whatever waits; while a bed starts, it also ends the bed. */
  signal: AbortSignal;
}

/** What the operations of one bed work with. */
export interface BedParts {
  readonly context: BedContext;
  readonly name: string;
  readonly runDir: string;
  readonly logDir: string;
  readonly tools: Tools;
  /** What nodes and images are made from. Throws for a bed that was started without nodes. */
  image(): NodeImage;
  readonly network: Network;
  readonly plane: ControlPlane;
  readonly kubectl: Kubectl;
  /** How kubeconfigs name the API server. */
  readonly server: string;
}

/** Finds the parts of a bed; nothing is started. */
export async function assembleParts(
  context: BedContext,
  { name, port, image, tools: toolFiles }: Pick<BedState, 'name' | 'port' | 'tools' | 'image'>,
): Promise<BedParts> {
  const tools = createTools(toolFiles);
  const [runDir, logDir] = [context.paths.run(name), context.paths.logs(name)];
  const network = attachNetwork(name);
  const server = `https://127.0.0.1:${port}`;
  const plane = await openControlPlane({ runDir, logDir, tools, network, server });
  const kubectl = createKubectl(tools.path('kubectl'), plane.files.kubeconfig('admin'));
  const nodeImage = () => {
    if (image !== undefined) return image;
    throw new Error(`bed ${name} was started without nodes, so it has nothing to make nodes or images from`);
  };
  return { context, name, runDir, logDir, tools, image: nodeImage, network, plane, kubectl, server };
}
