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
/** Where one extender listens, in the namespace of the bed. */
export const EXTENDER_ADDRESS = `127.0.0.1:${EXTENDER_PORT}`;
const NAMESPACE = 'berth-system';

/** Bundles each role into a file below dist/. */
export const bundleRoles = async ({
  repository,
  signal,
}: Pick<BerthContext, 'repository' | 'signal'>): Promise<void> => {
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
export const deployExtender = async (context: BerthContext): Promise<void> => {
  const { repository, runDir, signal } = context;
  await mkdir(keysIn(runDir), { recursive: true });
  await run(join(repository, 'scripts/extender-certificate'), [keysIn(runDir), '127.0.0.1'], { signal });
  await startExtender(context);
  await connectScheduler(context);
};

const keysIn = (runDir: string): string => join(runDir, 'extender');

/** The certificate authority of the extenders of a bed. */
export const extenderAuthority = ({ runDir }: BerthContext): string => join(keysIn(runDir), 'ca.crt');

/** Starts an extender, as one of several if it has a name and ports of its own, with settings beside the usual ones. */
export const startExtender = (
  context: BerthContext,
  { name = 'berth-extender', settings = {} }: Partial<Pick<Beside, 'name' | 'settings'>> = {},
): Promise<Daemon> =>
  startBeside(context, {
    name,
    role: 'extender',
    settings: {
      BERTH_PORT: String(EXTENDER_PORT),
      BERTH_METRICS_PORT: String(EXTENDER_METRICS_PORT),
      BERTH_TLS_CERT: join(keysIn(context.runDir), 'tls.crt'),
      BERTH_TLS_KEY: join(keysIn(context.runDir), 'tls.key'),
      ...settings,
    },
  });

/** Tells kube-scheduler where the extender is: HOST:PORT in the namespace of the bed. Its certificate is for 127.0.0.1. */
export const connectScheduler = async (context: BerthContext, address = EXTENDER_ADDRESS): Promise<void> => {
  const text = await readFile(join(context.repository, 'deploy/scheduler/kube-scheduler-config.yaml'), 'utf8');
  await context.bed.restartScheduler(schedulerConfig(text, { address, caFile: extenderAuthority(context) }));
};

/** Address at which the extender's metrics are reached from the host, such as 127.0.0.1:4711. */
export const extenderMetrics = (bed: Bed): Promise<string> => bed.reach(`127.0.0.1:${EXTENDER_METRICS_PORT}`);

/** The users' file with this bed's address and certificate authority. */
const schedulerConfig = (text: string, { address, caFile }: { address: string; caFile: string }): string => {
  const config = parse(text) as { extenders: { urlPrefix: string; tlsConfig: { caFile: string } }[] };
  for (const extender of config.extenders) {
    extender.urlPrefix = `https://${address}`;
    extender.tlsConfig.caFile = caFile;
  }
  return stringify(config);
};
