import type { BedContext } from '@berth/bed/bed-parts';
import { SELECTED_NODE_ANNOTATION } from '@berth/contract/names';
import { bundleRoles } from '@berth/e2e/beside';
import { claim } from '@berth/extender/testing/fixture';
import { CLAIMS, LEASES } from '@berth/kube/resources';
import { type Bare, withControlPlane } from '../control-plane/control-plane.ts';
import { furnish } from '../control-plane/furnish.ts';
import { nodeNames } from '../extender/cluster.ts';
import { againstFloor, type Result } from '../result.ts';
import { median } from '../statistics.ts';
import { followClaims, type Milestones } from './follow-claims.ts';
import { startPlayedAgent } from './played-agent.ts';
import { startController } from './start-controller.ts';

/** What an agent is taken to need for a logical volume: lvcreate and two reports of LVM. */
const AGENT_MS = 300;
const ROUNDS = 30;
const WARM_UP = 5;
const [NODE = ''] = nodeNames(1);

/**
 * From the moment at which kube-scheduler has written its choice into a claim until the claim is bound, one claim at a time, with
 * the real API server and controller manager. The agent is played: it says that the volume is ready after a fixed time.
 */
export const benchBind = (context: BedContext): Promise<Result[]> =>
  withControlPlane(context, { bed: 'bench-bind', keepControllerManager: true }, async (bare) => {
    const { progress, signal } = context;
    const ended = new AbortController();
    await progress.step('Bundle the controller', () => bundleRoles({ repository: bare.repository, signal }));
    await furnish(bare, { nodes: 1, role: 'controller' });
    await startController(bare, 'controller');
    try {
      startPlayedAgent(bare.client, AGENT_MS, ended.signal);
      const follow = followClaims(bare.client, ended.signal);
      await bare.client.create(LEASES, { metadata: SCRATCH });
      const rounds: Round[] = [];
      await progress.step(`Bind ${WARM_UP + ROUNDS} claims`, async () => {
        for (let index = 0; index < WARM_UP + ROUNDS; index += 1) {
          const tripMs = await measureTrip(bare);
          rounds.push({ tripMs, ...(await bindOne(bare, `data-${index}`, follow, signal)) });
        }
      });
      return results(rounds.slice(WARM_UP));
    } finally {
      ended.abort();
    }
  });

const SCRATCH = { name: 'scratch', namespace: 'default' };
const TRIPS = 5;

interface Round extends Milestones {
  /** One write to the API server. */
  readonly tripMs: number;
  readonly chosenMs: number;
}

const measureTrip = async ({ client }: Bare): Promise<number> => {
  const times: number[] = [];
  for (let index = 0; index < TRIPS; index += 1) {
    const startedMs = performance.now();
    await client.mergePatch(LEASES, SCRATCH, { metadata: { annotations: { at: String(startedMs) } } });
    times.push(performance.now() - startedMs);
  }
  return median(times);
};

const bindOne = async (
  { client }: Bare,
  name: string,
  follow: ReturnType<typeof followClaims>,
  signal: AbortSignal,
): Promise<Milestones & { chosenMs: number }> => {
  const { spec } = claim(name, { gib: 1 });
  const ref = { name, namespace: 'default' };
  await client.create(CLAIMS, { metadata: ref, spec: { ...spec, accessModes: ['ReadWriteOnce'] } });
  // kube-scheduler chooses when the claim has long been known.
  await follow.known(name, signal);
  const chosenMs = performance.now();
  await client.mergePatch(CLAIMS, ref, { metadata: { annotations: { [SELECTED_NODE_ANNOTATION]: NODE } } });
  return { chosenMs, ...(await follow.bound(name, signal)) };
};

const results = (rounds: readonly Round[]): Result[] => {
  const of = (pick: (round: Round) => number) => median(rounds.map(pick));
  const tripMs = of((round) => round.tripMs);
  const toVolume = of((round) => round.volumeMs - round.handedMs);
  const toPersistent = of((round) => round.persistentMs - round.readyMs);
  return [
    againstFloor('bind: node chosen to claim bound, against the agent and two round trips', {
      value: of((round) => round.boundMs - round.chosenMs),
      floor: AGENT_MS + 2 * tripMs,
      unit: 'ms',
      goal: 1.2,
    }),
    againstFloor('bind: of that the controller itself, against two round trips', {
      value: toVolume + toPersistent,
      floor: 2 * tripMs,
      unit: 'ms',
      goal: 1.5,
    }),
  ];
};
