import { AppError } from '@berth/contract/errors';
import type { Clock } from '@berth/runtime/clock';
import { apiServerOfPod } from '@berth/runtime/config';
import type { KubeClient } from './client.ts';
import type { Credentials } from './credentials/credentials.ts';
import { podCredentials } from './credentials/pod-credentials.ts';
import { createKubeClient } from './rest-client.ts';

const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Connects as the given kubeconfig says, or as the pod's service account when there is none. InvalidArgument when there is neither. */
export const connectKube = async (kubeconfig: string | undefined, clock: Clock): Promise<KubeClient> =>
  createKubeClient(kubeconfig === undefined ? ofPod(clock) : await ofFile(kubeconfig));

/** Imported when needed: what reads kubeconfigs brings in more code than all the rest of an agent. */
const ofFile = async (path: string): Promise<Credentials> => {
  const { kubeconfigCredentials } = await import('./credentials/kubeconfig-credentials.ts');
  return kubeconfigCredentials(path);
};

const ofPod = (clock: Clock): Credentials => {
  const server = apiServerOfPod();
  if (server === undefined) {
    throw new AppError('InvalidArgument', 'not in a pod, so --kubeconfig must say where the API server is');
  }
  return podCredentials(SERVICE_ACCOUNT_DIRECTORY, server, clock);
};
