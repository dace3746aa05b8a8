import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

/** The descriptions, each of as much as one role serves: what a role does not serve would only slow down its start. */
export const DESCRIPTIONS = {
  node: ['csi.proto', 'csi-node.proto', 'pluginregistration.proto'],
  controller: ['csi.proto', 'csi-controller.proto'],
} as const;

/** What the files in proto/ say, as `<role>-interfaces.json` keeps it. */
export const describeInterfaces = (role: keyof typeof DESCRIPTIONS): object => {
  const root = new protobuf.Root();
  const resolve = root.resolvePath.bind(root);
  // The wrappers come with protobufjs under their own name, not relative to the file that imports them.
  root.resolvePath = (origin, target) => (target.startsWith('google/') ? target : resolve(origin, target));
  root.loadSync(DESCRIPTIONS[role].map(pathOf)).resolveAll();
  return root.toJSON();
};

const pathOf = (name: string): string => fileURLToPath(new URL(`../../../../proto/${name}`, import.meta.url));
