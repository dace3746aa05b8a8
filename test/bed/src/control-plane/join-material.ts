import { stringify } from 'yaml';
import { kubeconfig } from '../kubeconfig.ts';
import { gatewayAddress, nodeAddress, nodePodCidr } from '../network.ts';
import type { Pki } from '../pki.ts';

/** All that a node needs in order to join the cluster. */
export interface JoinMaterial {
  nodeName: string;
  address: string;
  podCidr: string;
  /** Absolute path in the guest to the file's content. */
  files: Record<string, { content: string; mode: number }>;
}

/** Where the node finds its files; the guest's unit for kubelet refers to the first two. */
export const joinFiles = {
  kubeletConfig: '/etc/kubernetes/kubelet.yaml',
  kubeconfig: '/etc/kubernetes/kubelet.kubeconfig',
  ca: '/etc/kubernetes/pki/ca.crt',
  servingCertificate: '/etc/kubernetes/pki/kubelet.crt',
  servingKey: '/etc/kubernetes/pki/kubelet.key',
} as const;

/** Issues the node's certificates and writes its configuration. The same node gets the same certificates again. */
export async function createJoinMaterial(pki: Pki, node: { name: string; index: number }): Promise<JoinMaterial> {
  const address = nodeAddress(node.index);
  const client = await pki.issue(`node-${node.name}`, {
    commonName: `system:node:${node.name}`,
    organization: 'system:nodes',
  });
  const serving = await pki.issue(`kubelet-${node.name}`, {
    commonName: node.name,
    altNames: [`IP:${address}`, `DNS:${node.name}`],
  });
  const server = `https://${gatewayAddress}:443`;
  return {
    nodeName: node.name,
    address,
    podCidr: nodePodCidr(node.index),
    files: {
      [joinFiles.kubeletConfig]: { content: kubeletConfiguration(), mode: 0o644 },
      [joinFiles.kubeconfig]: { content: kubeconfig({ server, ca: pki.ca, user: client }), mode: 0o600 },
      [joinFiles.ca]: { content: pki.ca, mode: 0o644 },
      [joinFiles.servingCertificate]: { content: serving.certificate, mode: 0o644 },
      [joinFiles.servingKey]: { content: serving.key, mode: 0o600 },
    },
  };
}

/** kubelet.config.k8s.io/v1beta1 for a small node that is slow and lives briefly. */
export function kubeletConfiguration(): string {
  return stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: joinFiles.ca },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: joinFiles.servingCertificate,
    tlsPrivateKeyFile: joinFiles.servingKey,
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    cgroupDriver: 'cgroupfs',
    failSwapOn: false,
    nodeStatusUpdateFrequency: '10s',
    // How soon a pod's volume that has grown is noticed; a minute by default, which tests would spend waiting.
    syncFrequency: '15s',
    nodeLeaseDurationSeconds: 20,
    serializeImagePulls: false,
    registryPullQPS: 0,
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    // An idle kubelet costs an emulated processor dear: no thresholds to watch, no rules to renew, volumes asked seldom.
    evictionHard: {},
    localStorageCapacityIsolation: false,
    makeIPTablesUtilChains: false,
    volumeStatsAggPeriod: '3m',
    // There is no DNS; without an address kubelet would complain of every pod.
    clusterDNS: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
    resolvConf: '',
    shutdownGracePeriod: '0s',
    rotateCertificates: false,
  });
}
