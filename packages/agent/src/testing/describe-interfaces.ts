import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

const FILES = ['csi.proto', 'pluginregistration.proto'].map((name) =>
  fileURLToPath(new URL(`../../../../proto/${name}`, import.meta.url)),
);

/** What the files in proto/ say, as `csi/interfaces.json` keeps it. */
export const describeInterfaces = (): object => {
  const root = new protobuf.Root();
  const resolve = root.resolvePath.bind(root);
  // The wrappers come with protobufjs under their own name, not relative to the file that imports them.
  root.resolvePath = (origin, target) => (target.startsWith('google/') ? target : resolve(origin, target));
  root.loadSync(FILES).resolveAll();
  return root.toJSON();
};
