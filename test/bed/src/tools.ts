import { createHash } from 'node:crypto';
import { access, constants, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readEnvironment } from './environment.ts';
import type { Paths } from './paths.ts';
import { withLock } from './process/lock.ts';
import { run } from './process/spawn.ts';
import type { Progress } from './progress.ts';
import { moduleVersion, saysVersion, type ToolFamily, type ToolName, toolFamilies } from './tool-families.ts';

/** The Go programs of a bed, built or found. */
export interface Tools {
  /** Absolute path of the program on the host. */
  path(name: ToolName): string;
  /** Hash of everything the programs are built from. */
  readonly key: string;
}

export interface ToolsContext {
  paths: Paths;
  progress: Progress;
  signal: AbortSignal;
}

/** Finds or builds every program. A second call with the same module files does nothing but look. */
export async function ensureTools(context: ToolsContext): Promise<Tools> {
  const found = new Map<ToolName, string>();
  const keys: string[] = [];
  for (const family of toolFamilies) {
    const sources = join(context.paths.repository, 'test/bed/go', family.module);
    const goMod = await readFile(join(sources, 'go.mod'), 'utf8');
    const flags = family.linkerFlags(moduleVersion(goMod, family.versionedBy));
    const key = hashOf(goMod, await readFile(join(sources, 'go.sum'), 'utf8'), flags);
    keys.push(key);
    const directory = join(context.paths.cache, 'tools', `${family.module}-${key}`);
    await ensureFamily(
      context,
      { family, sources, flags, directory, version: moduleVersion(goMod, family.versionedBy) },
      found,
    );
  }
  return {
    key: hashOf(...keys),
    path(name) {
      const file = found.get(name);
      if (file === undefined) throw new Error(`no program named ${name} is built for the bed`);
      return file;
    },
  };
}

interface FamilyBuild {
  family: ToolFamily;
  sources: string;
  flags: string;
  directory: string;
  version: string;
}

async function ensureFamily(context: ToolsContext, build: FamilyBuild, found: Map<ToolName, string>): Promise<void> {
  const names = Object.keys(build.family.programs) as ToolName[];
  if (!(await isExecutable(build.directory))) {
    const installed = build.family.acceptInstalled ? await findInstalled(names, build.version) : new Map();
    const missing = names.filter((name) => !installed.has(name));
    for (const [name, file] of installed) found.set(name, file);
    if (missing.length === 0) return;
    await withLock(`${build.directory}.lock`, { signal: context.signal }, async () => {
      if (!(await isExecutable(build.directory))) await buildFamily(context, build, names);
    });
  }
  for (const name of names) found.set(name, join(build.directory, name));
}

async function buildFamily(context: ToolsContext, build: FamilyBuild, names: readonly ToolName[]): Promise<void> {
  const partial = `${build.directory}.partial-${process.pid}`;
  await mkdir(partial, { recursive: true });
  try {
    for (const name of names) {
      await context.progress.step(`Build ${name} ${build.version}`, async () => {
        const target = build.family.programs[name] ?? '';
        await run('go', ['build', '-trimpath', '-ldflags', build.flags, '-o', join(partial, name), target], {
          cwd: build.sources,
          env: { CGO_ENABLED: '0' },
          signal: context.signal,
        });
      });
    }
    await rename(partial, build.directory);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Programs of exactly the wanted version that the machine already has. */
async function findInstalled(names: readonly ToolName[], version: string): Promise<Map<ToolName, string>> {
  const { kubebuilderAssets, path } = readEnvironment();
  const directories = kubebuilderAssets === undefined ? path : [kubebuilderAssets, ...path];
  const found = new Map<ToolName, string>();
  for (const name of names) {
    for (const directory of directories) {
      const file = join(directory, name);
      if ((await isExecutable(file)) && (await saidVersion(name, file, version))) {
        found.set(name, file);
        break;
      }
    }
  }
  return found;
}

async function saidVersion(name: ToolName, file: string, version: string): Promise<boolean> {
  try {
    const args = name === 'kubectl' ? ['version', '--client'] : ['--version'];
    return saysVersion((await run(file, args, { timeoutMs: 20_000 })).stdout, version);
  } catch {
    return false;
  }
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function hashOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
