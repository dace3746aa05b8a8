import { cp, rm, stat } from 'node:fs/promises';
import { build } from 'esbuild';

/** Bundles each role into one file, dist/<role>.js, because importing the client library unbundled takes seconds and much memory. */
const ROLES = ['agent', 'extender', 'controller'] as const;

await rm('dist', { recursive: true, force: true });
await build({
  entryPoints: Object.fromEntries(ROLES.map((role) => [role, `packages/${role}/src/main.ts`])),
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  minifySyntax: true,
  minifyWhitespace: true,
  // A stack trace prints the whole line it points at.
  lineLimit: 200,
  logLevel: 'warning',
  // Some dependencies are CommonJS and call require().
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});
await cp('proto', 'dist/proto', { recursive: true });
await cp('package.json', 'dist/package.json');

for (const role of ROLES) {
  const { size } = await stat(`dist/${role}.js`);
  console.log(`dist/${role}.js  ${(size / 1024).toFixed(0)} KiB`);
}
