import { type ClaimObject, isRunning, list } from '../api.ts';
import { claimAndPod } from '../claim-and-pod.ts';
import type { Stage } from '../demo/acts.ts';
import { nodeOf } from '../volume-facts.ts';
import { waitUntil } from '../wait.ts';

const MINUTE_MS = 60_000;
/** A node that has just booted has much to do at once, and on a machine that has much else to do as well. */
const PATIENCE_MS = 10 * MINUTE_MS;

/** A pod on one node with a claim of its own, and what it has flushed to its volume. */
export interface CutPod {
  readonly name: string;
  readonly node: string;
  /** Lines of md5sum(1) for the files whose fsync came back before the power went. */
  readonly flushed: string[];
}

const kubectl = ({ bed, namespace }: Stage, ...args: string[]) => bed.kubectl(['-n', namespace, ...args]);

/** Makes the claim and the pod, and does not wait for them. */
export const makePod = async (stage: Stage, name: string, node: string): Promise<CutPod> => {
  const wish = { claim: name, pod: name, storageClass: 'berth-nvme', node, command: '[sleep, infinity]' };
  await stage.bed.kubectl(['-n', stage.namespace, 'apply', '-f', '-'], claimAndPod(wish));
  return { name, node, flushed: [] };
};

/** Deletes pod and claim, and does not wait for their end. */
export const deletePod = (stage: Stage, { name }: CutPod): Promise<string> =>
  kubectl(stage, 'delete', `pod/${name}`, `pvc/${name}`, '--wait=false');

/** Asks for a larger volume, in GiB. */
export const growClaim = (stage: Stage, { name }: CutPod, gib: number): Promise<string> =>
  kubectl(stage, 'patch', 'pvc', name, '-p', `{"spec":{"resources":{"requests":{"storage":"${gib}Gi"}}}}`);

/**
 * Runs a script on the node in the directory that the pod sees. Not through the pod: who talks to a machine by way of the API server
 * hears of its end much later. Throws while the volume is not mounted, and when the power goes.
 */
const runInVolume = async (stage: Stage, pod: CutPod, script: string): Promise<string> => {
  const node = nodeOf(stage.bed, pod.node);
  const volume = (await claimOf(stage, pod.name))?.spec.volumeName ?? 'none';
  const enter = `cd /var/lib/kubelet/pods/*/volumes/kubernetes.io~csi/${volume}/mount && mountpoint -q . && `;
  const { stdout, stderr, exitCode } = await node.exec(['sh', '-c', enter + script], { timeoutMs: 30_000 });
  if (exitCode !== 0)
    throw new Error(`the volume of pod ${pod.name} on ${node.name}: ${stderr.trim() || 'not mounted'}`);
  return stdout.trim();
};

/** Writes a file of random bytes, flushes it with fsync(2), and only then takes it for kept. Errors as `runInVolume`. */
export const writeFlushed = async (stage: Stage, pod: CutPod, file: string): Promise<void> => {
  const write = `dd if=/dev/urandom of=${file} bs=64k count=4 conv=fsync status=none && md5sum ${file}`;
  pod.flushed.push(await runInVolume(stage, pod, write));
};

/** Waits until the pod runs and its volume is mounted; right after a boot the API server may still tell how it was before. */
export const awaitPod = (stage: Stage, pod: CutPod): Promise<void> =>
  waitUntil(
    async () => {
      const selector = `--field-selector=metadata.name=${pod.name}`;
      const [object] = await list(stage.bed, 'pods', '-n', stage.namespace, selector);
      if (object === undefined || !isRunning(object))
        return `pod ${pod.name} is ${object?.status?.phase ?? 'not there'}`;
      return await runInVolume(stage, pod, 'echo done').then(
        () => 'done' as const,
        (error: Error) => error.message,
      );
    },
    { timeoutMs: PATIENCE_MS, signal: stage.signal },
  );

/** Waits until the claim, and with it the file system, has so many GiB. */
export const awaitSize = (stage: Stage, { name }: CutPod, gib: number): Promise<void> =>
  waitUntil(
    async () => {
      const claim = await claimOf(stage, name);
      const has = claim?.status?.capacity?.storage;
      return has === `${gib}Gi` ? 'done' : `claim ${name} has ${has}, not ${gib}Gi`;
    },
    { timeoutMs: PATIENCE_MS, signal: stage.signal },
  );

/** Files that are missing or hold something else than what was flushed, as sentences. */
export const findLostFiles = async (stage: Stage, pod: CutPod): Promise<string[]> => {
  if (pod.flushed.length === 0) return [];
  const files = pod.flushed.map((line) => line.split(/\s+/)[1]);
  const now = (await runInVolume(stage, pod, `md5sum ${files.join(' ')} 2>&1 || true`)).split('\n');
  const lost = pod.flushed.filter((line) => !now.includes(line));
  return lost.map((line) => `a flushed file of pod ${pod.name} is lost or changed: ${line}`);
};

const claimOf = async (stage: Stage, name: string): Promise<ClaimObject | undefined> => {
  const claims = await list(stage.bed, 'persistentvolumeclaims', '-n', stage.namespace);
  return claims.find(({ metadata }) => metadata.name === name);
};
