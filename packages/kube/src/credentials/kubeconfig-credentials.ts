import type https from 'node:https';
import { AppError } from '@berth/contract/errors';
import { KubeConfig } from '@kubernetes/client-node';
import type { Credentials } from './credentials.ts';

/** What a kubeconfig's current context says, exec plugins and token files included. InvalidArgument when it names no cluster or cannot be read. */
export const kubeconfigCredentials = (path: string): Credentials => {
  const config = new KubeConfig();
  try {
    config.loadFromFile(path);
  } catch (cause) {
    throw new AppError('InvalidArgument', `cannot read the kubeconfig ${path}: ${(cause as Error).message}`, { cause });
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new AppError('InvalidArgument', `the kubeconfig ${path} names no current cluster`);

  return {
    server: cluster.server,
    options: async () => {
      const options: https.RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      const { agent: _unused, ...credentials } = options;
      return credentials;
    },
  };
};
