import type { Stage } from '../demo/acts.ts';
import { readLeftovers } from '../storage-facts.ts';
import { waitUntil } from '../wait.ts';

/** A claim `data` of 1 GiB of this class, and a pod `one` on a node that leaves the word "first" in a new volume's file `proof`. */
export const oneClaimAndPod = (storageClass: string, node: string): string => `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: ${storageClass}
  resources: { requests: { storage: 1Gi } }
---
apiVersion: v1
kind: Pod
metadata: { name: one }
spec:
  nodeSelector: { kubernetes.io/hostname: ${node} }
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: registry.bed:5000/busybox:1
      command: [sh, -c, 'test -f /data/proof || echo first > /data/proof; sleep infinity']
      volumeMounts: [{ name: data, mountPath: /data }]
  volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
`;

/** Returns when no volume is left on the stage's nodes, neither in the API nor on a disk. */
export const awaitNothingLeft = (stage: Stage): Promise<void> =>
  waitUntil(
    async () => {
      const left = await readLeftovers(stage);
      return left.length === 0 ? 'done' : `there is still ${left.join(', ')}`;
    },
    { timeoutMs: 180_000, signal: stage.signal },
  );

/** Deletes claim and pod and returns when nothing is left of their volume. */
export const deleteClaimAndPod = async (stage: Stage): Promise<void> => {
  await stage.bed.kubectl(['-n', stage.namespace, 'delete', 'pod/one', 'pvc/data', '--wait=true']);
  await awaitNothingLeft(stage);
};
