import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bed } from '@berth/bed/bed';
import { type Daemon, run } from '@berth/bed/process/spawn';
import type { Progress } from '@berth/bed/progress';
import { parse, stringify } from 'yaml';

/** Into which bed Berth is brought, and from where. */
export interface BerthContext {
  readonly bed: Bed;
  /** Root of the checkout. */
  readonly repository: string;
  /** Where keys and certificates go. */
  readonly runDir: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const EXTENDER_PORT = 9443;
const EXTENDER_METRICS_PORT = 9812;
const NAMESPACE = 'berth-system';

/** Bundles each role into a file below dist/. */
export const bundleRoles = async ({ repository, signal }: BerthContext): Promise<void> => {
  await run(process.execPath, ['scripts/build.ts'], { cwd: repository, signal });
};

interface Beside {
  /** Name of the process and of its log file. */
  readonly name: string;
  readonly role: 'controller' | 'extender';
  /** As environment variables. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Starts a role beside the control plane, under its own service account and with exactly its rights. */
const startBeside = async (context: BerthContext, { name, role, settings }: Beside): Promise<Daemon> => {
  const { bed, repository } = context;
  const kubeconfig = await bed.serviceAccountKubeconfig(NAMESPACE, `berth-${role}`);
  return bed.startBeside({
    name,
    file: process.execPath,
    args: [join(repository, `dist/${role}.js`)],
    env: { BERTH_KUBECONFIG: kubeconfig, ...settings },
  });
};

/** The controller, where there is one. */
export const CONTROLLER = 'berth-controller';

/** Starts a controller, as one of several if it has a name of its own, with settings beside the usual ones. */
export const startController = (
  context: BerthContext,
  { name = CONTROLLER, settings = {} }: Partial<Pick<Beside, 'name' | 'settings'>> = {},
): Promise<Daemon> =>
  startBeside(context, {
    name,
    role: 'controller',
    settings: { BERTH_METRICS_PORT: '0', BERTH_CSI_SOCKET: controllerSocket(context, name), ...settings },
  });

/** Where a controller serves CSI's Controller service, on the host. */
export const controllerSocket = ({ runDir }: BerthContext, name = CONTROLLER): string =>
  join(runDir, `${name}-csi.sock`);

/** Starts the extender and tells kube-scheduler where it is, over TLS, with the settings that users have. */
export const startExtender = async (context: BerthContext): Promise<void> => {
  const { bed, repository, runDir, signal } = context;
  const keys = join(runDir, 'extender');
  await mkdir(keys, { recursive: true });
  await run(join(repository, 'scripts/extender-certificate'), [keys, '127.0.0.1'], { signal });
  const settings = {
    BERTH_PORT: String(EXTENDER_PORT),
    BERTH_METRICS_PORT: String(EXTENDER_METRICS_PORT),
    BERTH_TLS_CERT: join(keys, 'tls.crt'),
    BERTH_TLS_KEY: join(keys, 'tls.key'),
  };
  await startBeside(context, { name: 'berth-extender', role: 'extender', settings });
  const text = await readFile(join(repository, 'deploy/scheduler/kube-scheduler-config.yaml'), 'utf8');
  await bed.restartScheduler(schedulerConfig(text, join(keys, 'ca.crt')));
};

/** Address at which the extender's metrics are reached from the host, such as 127.0.0.1:4711. */
export const extenderMetrics = (bed: Bed): Promise<string> => bed.reach(`127.0.0.1:${EXTENDER_METRICS_PORT}`);

/** The users' file with this bed's address and certificate authority. */
const schedulerConfig = (text: string, caFile: string): string => {
  const config = parse(text) as { extenders: { urlPrefix: string; tlsConfig: { caFile: string } }[] };
  for (const extender of config.extenders) {
    extender.urlPrefix = `https://127.0.0.1:${EXTENDER_PORT}`;
    extender.tlsConfig.caFile = caFile;
  }
  return stringify(config);
};
