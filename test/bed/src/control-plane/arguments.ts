import { parse, stringify } from 'yaml';
import { gatewayAddress } from '../network.ts';

/** The files of a control plane, all absolute paths on the host. */
export interface ControlPlaneFiles {
  /** A file of the bed's PKI. */
  pki(name: string): string;
  etcdData: string;
  /** Kubeconfig of a component. */
  kubeconfig(component: 'admin' | 'controller-manager' | 'scheduler'): string;
  schedulerConfig: string;
}

/** Where etcd listens, on the loopback interface of the bed's namespace. */
const etcdClient = 'http://127.0.0.1:2379';
const etcdPeer = 'http://127.0.0.1:2380';

/** Flags of etcd; what it holds is thrown away with the bed, so it needn't reach the disk. */
export function etcdArguments(files: ControlPlaneFiles): readonly string[] {
  return [
    `--data-dir=${files.etcdData}`,
    `--listen-client-urls=${etcdClient}`,
    `--advertise-client-urls=${etcdClient}`,
    `--listen-peer-urls=${etcdPeer}`,
    `--initial-advertise-peer-urls=${etcdPeer}`,
    `--initial-cluster=default=${etcdPeer}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

/** Flags of kube-apiserver. */
export function apiServerArguments(files: ControlPlaneFiles): readonly string[] {
  return [
    `--etcd-servers=${etcdClient}`,
    '--bind-address=0.0.0.0',
    '--secure-port=443',
    `--advertise-address=${gatewayAddress}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    `--client-ca-file=${files.pki('ca.crt')}`,
    `--tls-cert-file=${files.pki('apiserver.crt')}`,
    `--tls-private-key-file=${files.pki('apiserver.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${files.pki('service-accounts.pub')}`,
    `--service-account-signing-key-file=${files.pki('service-accounts.key')}`,
    `--kubelet-certificate-authority=${files.pki('ca.crt')}`,
    `--kubelet-client-certificate=${files.pki('apiserver-kubelet.crt')}`,
    `--kubelet-client-key=${files.pki('apiserver-kubelet.key')}`,
    // Otherwise exec and logs would look node names up in a DNS that isn't there.
    '--kubelet-preferred-address-types=InternalIP',
    '--profiling=false',
  ];
}

/** Flags of kube-controller-manager. A silent node becomes NotReady after 30 s instead of 50 s, which tests wait for. */
export function controllerManagerArguments(files: ControlPlaneFiles): readonly string[] {
  return [
    `--kubeconfig=${files.kubeconfig('controller-manager')}`,
    '--bind-address=127.0.0.1',
    '--leader-elect=false',
    '--use-service-account-credentials',
    `--root-ca-file=${files.pki('ca.crt')}`,
    `--service-account-private-key-file=${files.pki('service-accounts.key')}`,
    '--node-monitor-grace-period=30s',
    '--node-monitor-period=2s',
    '--kube-api-qps=100',
    '--kube-api-burst=200',
    '--profiling=false',
  ];
}

/** Flags of kube-scheduler; all else is in its configuration file. */
export function schedulerArguments(files: ControlPlaneFiles): readonly string[] {
  return [`--config=${files.schedulerConfig}`, '--bind-address=127.0.0.1'];
}

/**
 * The scheduler's configuration file: the given KubeSchedulerConfiguration (or the default one) with
 * this bed's kubeconfig and without leader election. Throws when the YAML isn't such a configuration.
 */
export function schedulerConfiguration(yaml: string | undefined, kubeconfigFile: string): string {
  const given: unknown = yaml === undefined ? {} : parse(yaml);
  if (!isObject(given) || (given.kind ?? 'KubeSchedulerConfiguration') !== 'KubeSchedulerConfiguration') {
    throw new Error('the scheduler configuration must be a KubeSchedulerConfiguration');
  }
  return stringify({
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    ...given,
    leaderElection: { leaderElect: false },
    clientConnection: {
      ...(isObject(given.clientConnection) ? given.clientConnection : {}),
      kubeconfig: kubeconfigFile,
    },
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
