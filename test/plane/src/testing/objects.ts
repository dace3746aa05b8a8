import type { PersistentVolumeClaim, Pod, StatefulSet } from '@berth/kube/types';

/** What says that a node is shut down and its pods don't run. */
export const OUT_OF_SERVICE = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' };

export interface ClaimWish {
  readonly name: string;
  readonly namespace: string;
  readonly className: string;
  /** A quantity; 1Gi by default. */
  readonly size?: string;
}

export const aClaim = ({ name, namespace, className, size = '1Gi' }: ClaimWish): PersistentVolumeClaim => ({
  metadata: { name, namespace },
  spec: { accessModes: ['ReadWriteOnce'], storageClassName: className, resources: { requests: { storage: size } } },
});

export interface PodWish {
  readonly name: string;
  readonly namespace: string;
  readonly claims: readonly string[];
  /** Only this node will do. */
  readonly node?: string;
}

export const aPod = ({ name, namespace, claims, node }: PodWish): Pod => ({
  metadata: { name, namespace },
  spec: {
    ...podSpec(claims),
    ...(node !== undefined && { nodeSelector: { 'kubernetes.io/hostname': node } }),
    volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
  },
});

export interface SetWish {
  readonly name: string;
  readonly namespace: string;
  readonly className: string;
  readonly replicas: number;
  /** Only these nodes will do; any, by default. */
  readonly nodes?: readonly string[];
  readonly annotations?: Record<string, string>;
  /** Its pods stay where a node is out of service until somebody other than Kubernetes deletes them. */
  readonly outlivesService?: boolean;
}

/** A set whose members have a claim `data` each and start all at once. */
export const aSet = ({ name, namespace, className, replicas, ...more }: SetWish): StatefulSet => {
  const { nodes, annotations = {}, outlivesService = false } = more;
  const labels = { 'es-cluster-name': name };
  const { spec } = aClaim({ name: 'data', namespace, className });
  return {
    metadata: { name, namespace, annotations },
    spec: {
      serviceName: name,
      replicas,
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          ...podSpec(['data']),
          ...(nodes && { affinity: among(nodes) }),
          ...(outlivesService && { tolerations: [{ key: OUT_OF_SERVICE.key, operator: 'Exists' }] }),
        },
      },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, ...(spec && { spec }) }],
    },
  };
};

const among = (nodes: readonly string[]) => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [...nodes] }] },
      ],
    },
  },
});

const podSpec = (volumes: readonly string[]) => ({
  terminationGracePeriodSeconds: 1,
  automountServiceAccountToken: false,
  containers: [{ name: 'main', image: 'none', volumeMounts: volumes.map((name) => ({ name, mountPath: `/${name}` })) }],
});
