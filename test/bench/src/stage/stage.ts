import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bed } from '@berth/bed/bed';
import type { BedContext } from '@berth/bed/bed-parts';
import { demoNodes } from '@berth/bed/demo-nodes';
import type { Node } from '@berth/bed/node/node';
import { startBed } from '@berth/bed/start-bed';
import { volumeName } from '@berth/contract/names';
import { deployBerth } from '@berth/e2e/deploy-berth';
import { nodeOf } from '@berth/e2e/volume-facts';
import { againstFloor, type Result } from '../result.ts';
import { median } from '../statistics.ts';
import { type AgentPod, callAgent, findAgent, secondsOfCall } from './agent-pod.ts';
import { CAPABILITY, recordStage, timedScript } from './recorded-stage.ts';
import { createVolumes, deleteVolumes } from './volumes.ts';

const BED = 'bench-stage';
const ROUNDS = 7;
/** The first round reads programs from the disk. */
const WARM_UP = 1;
/** By then the agent asks LVM anew, as it does when a pod comes some time after its volume. */
const REPORT_OLD_MS = 6_000;

/**
 * Staging a new volume of 1 GiB with XFS in a virtual machine: the agent's own time for the call, against a shell there that
 * runs the very commands that the agent runs, on a volume made in the same way. In turns, each first in every second round.
 */
export const benchStage = async (context: BedContext): Promise<Result[]> => {
  const { paths, progress, signal } = context;
  const bed = await startBed(context, { name: BED, nodes: demoNodes(1) });
  try {
    await deployBerth({ bed, repository: paths.repository, runDir: paths.run(BED), progress, signal });
    const [name = ''] = bed.nodes.keys();
    const place: Place = { bed, node: nodeOf(bed, name), agent: await findAgent(bed, name), signal };
    const rounds: Round[] = [];
    for (let index = 0; index < WARM_UP + ROUNDS; index += 1) {
      rounds.push(
        await progress.step(`Stage two volumes, round ${index + 1}`, () => playRound(place, index % 2 === 0)),
      );
    }
    const counted = rounds.slice(WARM_UP);
    return [
      againstFloor('stage: new volume of 1 GiB with XFS, against the same commands by hand', {
        value: median(counted.map(({ agent }) => agent)),
        floor: median(counted.map(({ hand }) => hand)),
        unit: 's',
        goal: 1.15,
      }),
    ];
  } finally {
    await bed.stop();
  }
};

interface Place {
  readonly bed: Bed;
  readonly node: Node;
  readonly agent: AgentPod;
  readonly signal: AbortSignal;
}

/** Seconds. */
interface Round {
  readonly agent: number;
  readonly hand: number;
}

const playRound = async (place: Place, agentFirst: boolean): Promise<Round> => {
  const { bed, node, signal } = place;
  const [ours, other] = [volumeName(randomUUID()), volumeName(randomUUID())];
  await createVolumes(bed, node.name, [ours, other]);
  await delay(REPORT_OLD_MS, undefined, { signal });
  const early = agentFirst ? await stageByAgent(place, ours) : undefined;
  const hand = await stageByHand(place, other);
  const agent = early ?? (await stageByAgent(place, ours));
  await callAgent(bed, place.agent, 'NodeUnstageVolume', { volumeId: ours, stagingTargetPath: stagingPath(ours) });
  await must(node, ['umount', stagingPath(other)]);
  await deleteVolumes(bed, [ours, other]);
  return { agent, hand };
};

const stagingPath = (volume: string): string =>
  `/var/lib/kubelet/plugins/kubernetes.io/csi/csi.storage.io/${volume}/globalmount`;

const stageByAgent = async ({ bed, agent }: Place, volume: string): Promise<number> => {
  const request = { volumeId: volume, stagingTargetPath: stagingPath(volume), volumeCapability: CAPABILITY };
  await callAgent(bed, agent, 'NodeStageVolume', request);
  return secondsOfCall(bed, agent, { method: 'nodeStageVolume', volume });
};

const stageByHand = async ({ node }: Place, volume: string): Promise<number> => {
  const target = stagingPath(volume);
  const script = timedScript(await recordStage(volume, target), target);
  const [from = Number.NaN, to = Number.NaN] = (await must(node, ['sh', '-eu', '-c', script])).split(' ').map(Number);
  return to - from;
};

const must = async (node: Node, argv: readonly string[]): Promise<string> => {
  const { exitCode, stdout, stderr } = await node.exec(argv);
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} on ${node.name} ended with ${exitCode}: ${stderr.trim()}`);
  return stdout;
};
