import { AppError } from '@berth/contract/errors';
import * as z from 'zod';
import { readProcessConfig } from './config.ts';
import { runProcess } from './lifecycle.ts';
import { createLogger, LOG_LEVELS, type Logger } from './logger.ts';
import { describeSettings } from './settings-help.ts';

/** A TCP port; 0 lets the system choose. */
export const portSetting = (description: string) => z.coerce.number().int().min(0).max(65_535).meta({ description });

/** The settings that every role has. */
export const commonSettings = (metricsPort: number) => ({
  kubeconfig: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Kubeconfig file; without it, the service account of the pod.' }),
  metricsPort: portSetting('Port of /healthz, /readyz and /metrics.').default(metricsPort),
  logLevel: z.enum(LOG_LEVELS).default('info').meta({ description: 'Least important message that is logged.' }),
});

type RoleSchema = z.ZodObject<ReturnType<typeof commonSettings>>;

/** Runs a role's process: reads its settings, then works until it is told to stop. Wrong settings end it with a sentence and exit code 2; --help explains them. */
export const runRole = async <S extends RoleSchema>(role: {
  readonly name: string;
  readonly schema: S;
  readonly main: (config: Readonly<z.infer<S>>, logger: Logger, signal: AbortSignal) => Promise<void>;
}): Promise<void> => {
  if (process.argv.includes('--help')) {
    process.stdout.write(`${describeSettings(role.name, role.schema)}\n`);
    return;
  }
  const config = await readOrExplain(role.schema);
  if (config === undefined) return;
  const logger = createLogger({ name: role.name, level: config.logLevel });
  await runProcess((signal) => role.main(config, logger, signal), logger);
};

const readOrExplain = async <S extends RoleSchema>(schema: S): Promise<Readonly<z.infer<S>> | undefined> => {
  try {
    return await readProcessConfig(schema);
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    process.stderr.write(`${thrown.message}\n`);
    process.exitCode = 2;
    return undefined;
  }
};
