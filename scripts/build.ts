import { rm, stat, writeFile } from 'node:fs/promises';
import { type BuildOptions, build, type Plugin } from 'esbuild';

/** Bundles each role into one file, dist/<role>.js, because importing the client library unbundled takes seconds and much memory. */
const ROLES = ['agent', 'extender', 'controller'] as const;

const OPTIONS = {
  bundle: true,
  // gRPC's own reader of .proto files: for channelz and other services that we do not offer.
  external: ['@grpc/proto-loader'],
  platform: 'node',
  target: 'node24',
  // Starts in two thirds of the time of an ES module: functions are compiled when they are called, and Node's own modules load lazily.
  format: 'cjs',
  minifySyntax: true,
  minifyWhitespace: true,
  // A stack trace prints the whole line it points at.
  lineLimit: 200,
  logLevel: 'warning',
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
} satisfies BuildOptions;

/** What reads kubeconfigs is two thirds of all code, and Node reads and checks a file to its end: so it has a file of its own. */
const KUBECONFIG = { library: '@kubernetes/client-node', file: 'kubeconfig' };

const kubeconfigApart: Plugin = {
  name: 'kubeconfig-apart',
  setup: ({ onResolve }) => {
    const filter = new RegExp(`^${KUBECONFIG.library}$`);
    onResolve({ filter }, () => ({ path: `./${KUBECONFIG.file}.js`, external: true }));
  },
};

await rm('dist', { recursive: true, force: true });
await build({
  ...OPTIONS,
  outdir: 'dist',
  entryPoints: Object.fromEntries(ROLES.map((role) => [role, `packages/${role}/src/main.ts`])),
  plugins: [kubeconfigApart],
});
await build({
  ...OPTIONS,
  stdin: { contents: `export { KubeConfig } from '${KUBECONFIG.library}'`, resolveDir: 'packages/kube' },
  outfile: `dist/${KUBECONFIG.file}.js`,
});
await writeFile('dist/package.json', '{"type":"commonjs"}\n');

for (const name of [...ROLES, KUBECONFIG.file]) {
  const { size } = await stat(`dist/${name}.js`);
  console.log(`dist/${name}.js  ${(size / 1024).toFixed(0)} KiB`);
}
