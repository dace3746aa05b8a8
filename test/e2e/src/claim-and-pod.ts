export interface ClaimAndPod {
  readonly claim: string;
  readonly pod: string;
  readonly storageClass: string;
  /** The only node that will do. */
  readonly node: string;
  /** What the pod runs, as YAML. */
  readonly command: string;
}

/** A claim of 1 GiB, and a pod that has its volume at /data. */
export const claimAndPod = ({ claim, pod, storageClass, node, command }: ClaimAndPod): string => `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: ${claim} }
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: ${storageClass}
  resources: { requests: { storage: 1Gi } }
---
apiVersion: v1
kind: Pod
metadata: { name: ${pod} }
spec:
  nodeSelector: { kubernetes.io/hostname: ${node} }
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: registry.bed:5000/busybox:1
      command: ${command}
      volumeMounts: [{ name: data, mountPath: /data }]
  volumes: [{ name: data, persistentVolumeClaim: { claimName: ${claim} } }]
`;
