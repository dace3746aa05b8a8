import { claimAndPod } from '../claim-and-pod.ts';
import type { Stage } from '../demo/acts.ts';
import { readLeftovers } from '../storage-facts.ts';
import { waitUntil } from '../wait.ts';

/** A claim `data` of 1 GiB of this class, and a pod `one` on a node that leaves the word "first" in a new volume's file `proof`. */
export const oneClaimAndPod = (storageClass: string, node: string): string =>
  claimAndPod({
    claim: 'data',
    pod: 'one',
    storageClass,
    node,
    command: "[sh, -c, 'test -f /data/proof || echo first > /data/proof; sleep infinity']",
  });

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
