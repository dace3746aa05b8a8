import { createHash } from 'node:crypto';
import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readEnvironment } from './environment.ts';
import { ensureCacheEntry } from './image/cache-entry.ts';
import type { Paths } from './paths.ts';
import { run } from './process/spawn.ts';
import type { Progress } from './progress.ts';
import { moduleVersion, saysVersion, type ToolFamily, type ToolName, toolFamilies } from './tool-families.ts';

/** The Go programs of a bed, built or found. */
export interface Tools {
  /** Absolute path of the program on the host. */
  path(name: ToolName): string;
  /** Hash of everything the programs are built from. */
  readonly key: string;
  /** All programs, for writing down; `createTools` reads it back. */
  readonly files: Readonly<Record<string, string>>;
}

export interface ToolsContext {
  paths: Paths;
  progress: Progress;
  signal: AbortSignal;
}

/** Finds or builds the programs, by default all that a bed needs. A second call with the same module files does nothing but look. */
export async function ensureTools(context: ToolsContext, families = toolFamilies): Promise<Tools> {
  const found = new Map<ToolName, string>();
  const keys: string[] = [];
  for (const family of families) {
    const sources = join(context.paths.repository, 'test/bed/go', family.module);
    const goMod = await readFile(join(sources, 'go.mod'), 'utf8');
    const version = moduleVersion(goMod, family.versionedBy);
    const flags = family.linkerFlags(version);
    const key = hashOf(goMod, await readFile(join(sources, 'go.sum'), 'utf8'), flags);
    keys.push(key);
    await ensureFamily(context, { family, sources, flags, key, version }, found);
  }
  return createTools({ key: hashOf(...keys), files: Object.fromEntries(found) });
}

/** The programs as they were written down, without looking whether they are there. */
export function createTools({ key, files }: Pick<Tools, 'key' | 'files'>): Tools {
  return {
    key,
    files,
    path(name) {
      const file = files[name];
      if (file === undefined) throw new Error(`no program named ${name} is built for the bed`);
      return file;
    },
  };
}

interface FamilyBuild {
  family: ToolFamily;
  sources: string;
  flags: string;
  key: string;
  version: string;
}

async function ensureFamily(context: ToolsContext, build: FamilyBuild, found: Map<ToolName, string>): Promise<void> {
  const { family, version } = build;
  const names = Object.keys(family.programs) as ToolName[];
  const installed = family.acceptInstalled
    ? await context.progress.step(`Look for installed programs of ${family.module} ${version}`, async (say) => {
        const programs = await findInstalled(names, version);
        for (const file of programs.values()) say(`using ${file}`);
        return programs;
      })
    : new Map<ToolName, string>();
  for (const [name, file] of installed) found.set(name, file);
  const missing = names.filter((name) => !installed.has(name));
  if (missing.length === 0) return;
  const directory = await ensureCacheEntry({
    root: join(context.paths.cache, 'tools'),
    key: [family.module, build.key, ...(missing.length === names.length ? [] : missing)].join('-'),
    build: (target) => buildPrograms(context, build, { names: missing, target }),
    signal: context.signal,
  });
  for (const name of missing) found.set(name, join(directory, name));
}

async function buildPrograms(
  context: ToolsContext,
  build: FamilyBuild,
  { names, target }: { names: readonly ToolName[]; target: string },
): Promise<void> {
  for (const name of names) {
    await context.progress.step(`Build ${name} ${build.version}`, async () => {
      const source = build.family.programs[name] ?? '';
      await run('go', ['build', '-trimpath', '-ldflags', build.flags, '-o', join(target, name), source], {
        cwd: build.sources,
        env: { CGO_ENABLED: '0' },
        signal: context.signal,
      });
    });
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
