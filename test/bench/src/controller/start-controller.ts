import { join } from 'node:path';
import type { Daemon } from '@berth/bed/process/spawn';
import type { Bare } from '../control-plane/control-plane.ts';

/** Starts the bundled controller under its own service account; returns when it leads. `name` is that of its log, unlike earlier ones. */
export const startController = async (bare: Bare, name: string): Promise<Daemon> => {
  const kubeconfig = await bare.writeKubeconfig('berth-controller');
  const flags = ['--kubeconfig', kubeconfig, '--metrics-port', '0'];
  return bare.startNode(name, [join(bare.repository, 'dist/controller.js'), ...flags], '"leading"');
};
