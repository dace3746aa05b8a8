import { rm, stat, writeFile } from 'node:fs/promises';
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
  // Starts in two thirds of the time of an ES module: functions are compiled when they are called, and Node's own modules load lazily.
  format: 'cjs',
  minifySyntax: true,
  minifyWhitespace: true,
  // A stack trace prints the whole line it points at.
  lineLimit: 200,
  logLevel: 'warning',
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
});
await writeFile('dist/package.json', '{"type":"commonjs"}\n');

for (const role of ROLES) {
  const { size } = await stat(`dist/${role}.js`);
  console.log(`dist/${role}.js  ${(size / 1024).toFixed(0)} KiB`);
}
