import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { AppError } from '@berth/contract/errors';
import type { z } from 'zod';

/** Where settings come from; a later source gives way to an earlier one: flags, environment, file, the schema's defaults. */
export interface ConfigSource {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

const PREFIX = 'BERTH_';

/**
 * Settings by a flat schema with camelCase keys: `--log-level`, `BERTH_LOG_LEVEL`, `logLevel:` in the file that
 * `--config` names. An unknown key or a bad value refuses to start; the one InvalidArgument error names all problems.
 */
export const readConfig = async <S extends z.ZodObject>(
  schema: S,
  source: ConfigSource,
): Promise<Readonly<z.infer<S>>> => {
  const keys = Object.keys(schema.shape);
  const { config: file, ...flags } = readFlags(keys, source.argv);
  const values = { ...(await readFile(file)), ...readEnvironment(keys, source.env), ...flags };
  const parsed = schema.strict().safeParse(values);
  if (parsed.success) return Object.freeze(parsed.data) as Readonly<z.infer<S>>;
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.') || 'settings'}: ${issue.message}`);
  throw new AppError('InvalidArgument', `the settings are wrong:\n${problems.join('\n')}`);
};

/** The settings of this very process. */
export const readProcessConfig = <S extends z.ZodObject>(schema: S): Promise<Readonly<z.infer<S>>> =>
  readConfig(schema, { argv: process.argv.slice(2), env: process.env });

/** Address of the API server that kubelet puts into every pod's environment; undefined outside of pods. */
export const apiServerOfPod = (env: ConfigSource['env'] = process.env): string | undefined => {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (!host || !port) return undefined;
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
};

/** What a program that we start finds in its environment: ours, and what is added. */
export const programEnvironment = (added: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  ...process.env,
  ...added,
});

const readFlags = (keys: readonly string[], argv: readonly string[]): Record<string, string> => {
  const names = ['config', ...keys];
  const options = Object.fromEntries(names.map((key) => [flagName(key), { type: 'string' as const }]));
  try {
    const { values } = parseArgs({ args: [...argv], options, strict: true });
    return pick(names, (key) => values[flagName(key)] as string | undefined);
  } catch (thrown) {
    const known = names.map((key) => `--${flagName(key)}`).join(', ');
    throw new AppError('InvalidArgument', `${(thrown as Error).message}; known flags are ${known}`, { cause: thrown });
  }
};

/** `nodeName` is set by `BERTH_NODE_NAME`. */
export const environmentName = (key: string): string => PREFIX + flagName(key).replaceAll('-', '_').toUpperCase();

const readEnvironment = (keys: readonly string[], env: ConfigSource['env']): Record<string, string> =>
  pick(keys, (key) => env[environmentName(key)]);

const readFile = async (path: string | undefined): Promise<Record<string, unknown>> => {
  if (path === undefined) return {};
  try {
    const { parse } = await import('yaml');
    const content: unknown = parse(readFileSync(path, 'utf8')) ?? {};
    if (typeof content !== 'object' || Array.isArray(content)) throw new Error('it must be a map of settings');
    return content as Record<string, unknown>;
  } catch (thrown) {
    throw new AppError('InvalidArgument', `cannot read the settings file ${path}: ${(thrown as Error).message}`, {
      cause: thrown,
    });
  }
};

const pick = (keys: readonly string[], value: (key: string) => string | undefined): Record<string, string> => {
  const found = keys.map((key) => [key, value(key)] as const).filter(([, text]) => text !== undefined);
  return Object.fromEntries(found) as Record<string, string>;
};

/** `nodeName` is set by `--node-name`. */
export const flagName = (camel: string): string => camel.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
