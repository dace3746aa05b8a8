import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bed } from '@berth/bed/bed';
import { formatBytes, parseQuantity } from '@berth/contract/quantity';
import { type EventObject, isRunning, list } from '../api.ts';
import { readAllocatable, readLeftovers } from '../storage-facts.ts';
import { readVolumeFacts, type VolumeFact } from '../volume-facts.ts';
import { waitUntil } from '../wait.ts';
import { withoutVolumes } from './without-volumes.ts';

/** What the acts of the demo, and the tests of the same path, work with. */
export interface Stage {
  readonly bed: Bed;
  /** Root of the checkout. */
  readonly repository: string;
  readonly namespace: string;
  /** The nodes that it is about. */
  readonly nodes: readonly string[];
  readonly signal: AbortSignal;
}

const APPLICATION = 'es-cluster-name=es-prod';
const MEMBERS = 3;

const kubectl = ({ bed, namespace }: Stage, ...args: string[]) => bed.kubectl(['-n', namespace, ...args]);
const manifest = ({ repository }: Stage, name: string) => join(repository, 'test/e2e/manifests', name);

export const applyElasticsearch = (stage: Stage): Promise<string> =>
  kubectl(stage, 'apply', '-f', manifest(stage, 'elasticsearch.yaml'));

/** Runs the same set without its volumes: what a cluster does without us. Returns when its members run. */
export const runWithoutVolumes = async (stage: Stage): Promise<void> => {
  const text = await readFile(manifest(stage, 'elasticsearch.yaml'), 'utf8');
  await stage.bed.kubectl(['-n', stage.namespace, 'apply', '-f', '-'], withoutVolumes(text));
  await awaitMembers(stage);
};

/** Returns when all members run. */
export const awaitMembers = (stage: Stage, timeoutMs = 300_000): Promise<void> =>
  waitUntil(
    async () => {
      const pods = await list(stage.bed, 'pods', '-n', stage.namespace, '-l', APPLICATION);
      const running = pods.filter(isRunning).length;
      return running === MEMBERS ? 'done' : `${running} of ${MEMBERS} members run`;
    },
    { timeoutMs, signal: stage.signal },
  );

export const readMembers = (stage: Stage): Promise<VolumeFact[]> =>
  readVolumeFacts(stage.bed, stage.namespace, APPLICATION);

/** Every way in which the volumes are not what was asked for, as sentences. */
export const findFaults = async (stage: Stage, facts: readonly VolumeFact[]): Promise<string[]> => {
  const claims = await list(stage.bed, 'persistentvolumeclaims', '-n', stage.namespace);
  const racks = new Set(facts.map(({ rack }) => rack));
  const faults = facts.flatMap((fact) => {
    const group = fact.claim.startsWith('data-') ? 'csi-vg-nvme' : 'csi-vg-hdd';
    const asked = claims.find(({ metadata }) => metadata.name === fact.claim)?.spec.resources.requests.storage ?? '0';
    return [
      ...(fact.volumeGroup === group ? [] : [`${fact.claim} lies in ${fact.volumeGroup}, not in ${group}`]),
      ...(fact.fsType === 'xfs' ? [] : [`${fact.claim} is ${fact.fsType}, not xfs`]),
      ...(fact.volumeBytes >= parseQuantity(asked)
        ? []
        : [`${fact.claim} has ${fact.volumeBytes} bytes, ${asked} were asked for`]),
      // XFS keeps its log and metadata out of the size it reports.
      ...(fact.fsBytes > 0.9 * fact.volumeBytes && fact.fsBytes <= fact.volumeBytes
        ? []
        : [`the file system of ${fact.claim} has ${formatBytes(fact.fsBytes)} of ${formatBytes(fact.volumeBytes)}`]),
    ];
  });
  if (facts.length !== 2 * MEMBERS) faults.push(`there are ${facts.length} mounted volumes, not ${2 * MEMBERS}`);
  if (racks.size !== MEMBERS) faults.push(`the members stand in ${racks.size} racks, not ${MEMBERS}`);
  return faults;
};

const FILE = '/usr/share/elasticsearch/data/proof';

/** Writes a file into the first member's volume, deletes the pod, and reads the file in the pod that took its place. */
export const surviveDeletion = async (stage: Stage, content: string): Promise<string> => {
  const pod = `${'es-prod'}-0`;
  await kubectl(stage, 'exec', pod, '--', 'sh', '-c', `echo '${content}' > ${FILE} && sync`);
  await kubectl(stage, 'delete', 'pod', pod, '--wait=true');
  await awaitMembers(stage);
  return (await kubectl(stage, 'exec', pod, '--', 'cat', FILE)).trim();
};

/** Deletes the set with its claims and returns when nothing is left and as much can be allocated as before. */
export const deleteElasticsearch = async (
  stage: Stage,
  before: Awaited<ReturnType<typeof readAllocatable>>,
): Promise<void> => {
  // In the foreground: otherwise pods run on for a moment, and would be taken for those of the next set.
  await kubectl(stage, 'delete', '-f', manifest(stage, 'elasticsearch.yaml'), '--cascade=foreground', '--wait=true');
  await kubectl(stage, 'delete', 'pvc', '-l', APPLICATION, '--wait=true');
  await waitUntil(
    async () => {
      const left = await readLeftovers(stage);
      if (left.length > 0) return `there is still ${left.join(', ')}`;
      const now = await readAllocatable(stage.bed);
      return JSON.stringify(now) === JSON.stringify(before) ? 'done' : `allocatable is ${JSON.stringify(now)}`;
    },
    { timeoutMs: 300_000, signal: stage.signal },
  );
};

/** Asks for more than any node has and gives the explanation in the pod's event. The pod must stay Pending. */
export const askTooMuch = async (stage: Stage): Promise<string> => {
  await kubectl(stage, 'apply', '-f', manifest(stage, 'too-large.yaml'));
  let event: EventObject | undefined;
  await waitUntil(
    async () => {
      const events = await list(
        stage.bed,
        'events',
        '-n',
        stage.namespace,
        '--field-selector',
        'involvedObject.name=too-large',
      );
      event = events.find(({ reason }) => reason === 'NoRoomOnDisks');
      return event === undefined ? 'no event says why the pod with the large claim is pending' : 'done';
    },
    { timeoutMs: 120_000, signal: stage.signal },
  );
  await delay(2_000, undefined, { signal: stage.signal });
  const [pod] = await list(stage.bed, 'pods', '-n', stage.namespace, '--field-selector', 'metadata.name=too-large');
  if (pod?.status?.phase !== 'Pending')
    throw new Error(`the pod with the large claim is ${pod?.status?.phase}, not Pending`);
  await kubectl(stage, 'delete', '-f', manifest(stage, 'too-large.yaml'), '--grace-period=1');
  return event?.message ?? '';
};
